import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { mutantsOf, startsWithout } from "../../../checkers/contract/files.ts";
import { type Change, changeOf, groupsOf } from "../../../checkers/contract/in-place.ts";
import type { Checks } from "../../../checkers/core/needs.ts";

const home = mkdtempSync(join(tmpdir(), "workbook-in-place-"));
afterAll(() => rmSync(home, { recursive: true }));

/** A folder with these files. */
function folder(files: Record<string, string>): string {
  const dir = mkdtempSync(join(home, "answer-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
}
const checks = {
  door: { mode: "sample" },
  heals: { mode: "disturb" },
  after: { mode: "observe", needs: ["heals"] },
} as unknown as Checks;
const deployment = (image: string): string =>
  `kind: Deployment\nmetadata: { name: web }\nspec: { template: { spec: { containers: [{ name: web, image: "${image}" }] } } }\n`;
const service = (port: number, name = "web"): string =>
  `kind: Service\nmetadata: { name: ${name} }\nspec: { ports: [{ port: ${port} }] }\n`;
const solution = folder({
  "web.yaml": `${deployment("web:1")}---\n${service(80)}`,
  "settings.yaml": "kind: ConfigMap\nmetadata: { name: settings }\ndata: { mode: fast }\n",
  "run.sh":
    "release() {\n  kubectl set image deployment/web web=$1\n}\nlook() {\n  kubectl get pods\n}\nfor step in [0-9]*.sh; do . ./$step; done\n",
  "10-answer.sh": "echo 80 > answers/port\n",
  "20-image.sh": "kubectl set image deployment/web web=web:1\n",
});
const change = (files: Record<string, string>, check = "door"): Change | undefined =>
  changeOf(solution, { check, code: "wrong", dir: folder(files) }, checks);
const names = (objects: { kind?: string; metadata?: { name?: string } }[] = []): string[] =>
  objects.map((one) => `${one.kind}/${one.metadata?.name}`);

describe("what a mutant changes in a solution that runs", () => {
  it("a Service beside the same pods, made anew each time", () => {
    const found = change({ "web.yaml": `${service(81)}---\n${deployment("web:1")}` });
    expect([found?.left, names(found?.gone), names(found?.brought)]).toEqual([[], ["Service/web"], ["Service/web"]]);
    expect([...(found?.laid.keys() ?? [])]).toEqual(["web.yaml"]);
  });
  it("nothing of a Service that stays as it is", () => {
    const found = change({ "web.yaml": `${service(80)}---\n${deployment("web:1")}` });
    expect(found).toMatchObject({ left: [], gone: [], brought: [] });
  });
  it("objects that have to go, and those that have to go when it is taken back", () => {
    const found = change({ "web.yaml": `${deployment("web:1")}---\n${service(80, "other")}` });
    expect(names(found?.gone)).toEqual(["Service/web"]);
    expect(names(found?.brought)).toEqual(["Service/other"]);
  });
  it("an answer that a step writes, and manifests and steps left out", () => {
    const found = change({ "10-answer.sh": "echo 81 > answers/port\n", "settings.yaml": "", "20-image.sh": "" });
    expect(found?.left).toEqual(["20-image.sh", "settings.yaml"]);
    expect([...(found?.laid.keys() ?? [])]).toEqual(["10-answer.sh"]);
    expect(change({ "15-look.sh": "kubectl -n $NAMESPACE patch service web -p '{}'\n" })).toBeDefined();
    expect(change({ "15-look.sh": "look | grep release\n" })).toBeDefined();
  });
  it("a file that a step makes something of, and that step with it", () => {
    const own = folder({ "10-fill.sh": "sed s/X/$X/ page.in >page\n", "page.in": "right X\n", "run.sh": "echo\n" });
    const laid = (dir: string, files: Record<string, string>) => [
      ...(changeOf(dir, { check: "door", code: "wrong", dir: folder(files) }, checks)?.laid.keys() ?? []),
    ];
    expect(laid(own, { "page.in": "wrong X\n" })).toEqual(["page.in", "10-fill.sh"]);
    expect(laid(own, { "page.in": "wrong X\n", "10-fill.sh": "" })).toEqual(["page.in"]);
    expect(laid(own, { "other.in": "wrong X\n" })).toEqual(["other.in"]);
    const rollsOut = folder({ "10-fill.sh": "kubectl replace -f page.in\n", "page.in": "right\n", "run.sh": "echo\n" });
    expect(laid(rollsOut, { "page.in": "wrong\n" })).toEqual([]);
  });
  it.each([
    ["other pods", { "web.yaml": `${deployment("web:2")}---\n${service(80)}` }],
    ["no pods", { "web.yaml": service(80) }],
    [
      "what pods read when they start",
      { "settings.yaml": "kind: ConfigMap\nmetadata: { name: settings }\ndata: {}\n" },
    ],
    ["a step that replaces pods", { "20-image.sh": "kubectl set image deployment/web web=web:2\n" }],
    ["a step that calls what replaces pods", { "20-image.sh": "# Again.\nrelease web:2\n" }],
    ["a step that takes pods away", { "30-more.sh": "kubectl delete pods --all\n" }],
    ["nothing but what is left out", { "settings.yaml": "" }],
    ["the whole answer", { "run.sh": "echo\n" }],
    ["a manifest that cannot be read", { "web.yaml": "kind: [\n" }],
    ["another namespace", { "more.yaml": "kind: Service\nmetadata: { name: web, namespace: default }\n" }],
  ] as [string, Record<string, string>][])("not: %s", (_what, files) => {
    expect(change(files)).toBeUndefined();
  });
  it("not for a check that disturbs, or needs one that does", () => {
    const files = { "web.yaml": `${deployment("web:1")}---\n${service(81)}` };
    expect((["door", "heals", "after"] as const).map((check) => change(files, check) !== undefined)).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe("what of the start a mutant does without", () => {
  it("is named, empty, for all mutants and for those of a check", () => {
    const lab = folder({
      "mutants/start/client.yaml": "",
      "mutants/door/start/gateway.yaml": "",
      "mutants/door/wrong/web.yaml": "kind: Service\n",
      "mutants/heals/slow/web.yaml": "kind: Service\n",
    });
    const found = mutantsOf(lab).map(({ check, code, dir }) => [check, code, startsWithout(dir)]);
    expect(found).toEqual([
      ["door", "wrong", ["client.yaml", "gateway.yaml"]],
      ["heals", "slow", ["client.yaml"]],
    ]);
  });
});

describe("changes that take turns", () => {
  it("leave out the same, are alike, and are eight at most", () => {
    const one = (left: string[], without: string[] = []): Change => ({ left, without }) as unknown as Change;
    const many = [...Array.from({ length: 9 }, () => one([])), one(["a.yaml"]), one(["a.yaml"]), one([], ["b.yaml"])];
    const seen = groupsOf(many, ({ left }) => (left.length > 0 ? "x" : "y")).map(({ length }) => length);
    expect(seen).toEqual([5, 4, 2, 1]);
    expect(groupsOf([one([]), one([])], () => String(Math.random())).map(({ length }) => length)).toEqual([1, 1]);
  });
});
