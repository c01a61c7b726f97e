import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { examFolders, type LoadedLab, loadLabAt, loadLabs, stationFolders } from "../../checkers/labs.ts";
import { fillFacts } from "../../site/src/course/facts.ts";

const root = new URL("../..", import.meta.url).pathname;
const dist = mkdtempSync(join(tmpdir(), "workbook-site-"));
const run = promisify(execFile);

/** Every file of the built site by its path, as text: the search index's pieces are unpacked. */
const files = new Map<string, string>();
let labs: LoadedLab[] = [];
/** Of the exams: nothing of their checks is in any page. */
let tasks: LoadedLab[] = [];

const readAll = (folder: string, under = ""): void => {
  for (const entry of readdirSync(join(folder, under), { withFileTypes: true })) {
    const path = join(under, entry.name);
    if (entry.isDirectory()) readAll(folder, path);
    else {
      const bytes = readFileSync(join(folder, path));
      const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
      files.set(path, (packed ? gunzipSync(bytes) : bytes).toString("utf8"));
    }
  }
};

beforeAll(async () => {
  await run(join(root, "node_modules/.bin/astro"), ["build", "--outDir", dist], {
    cwd: root,
    env: { ...process.env, ASTRO_TELEMETRY_DISABLED: "1", NODE_ENV: "production" },
    maxBuffer: 16e6,
  });
  readAll(dist);
  labs = await loadLabs();
  tasks = await Promise.all(stationFolders().map(({ dir, slug }) => loadLabAt(dir, slug)));
}, 300_000);

afterAll(() => rmSync(dist, { recursive: true, force: true }));

const entities: Record<string, string> = { quot: '"', amp: "&", lt: "<", gt: ">", "#39": "'", "#34": '"', "#x27": "'" };

/** Letters and digits only, so that neither markup, escapes nor typography hide a text. */
const plain = (text: string): string =>
  text
    .replace(/&(quot|amp|lt|gt|#39|#34|#x27);/g, (_, name: string) => entities[name] as string)
    .replace(/\\u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\\[nrt]/g, " ")
    .replace(/<[^>]*>/g, "")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();

/** A text as a whole, and each of its longer sentences. */
const pieces = (secret: string): string[] =>
  [secret, ...secret.split(/(?<=[.!?])\s+/)]
    .map(plain)
    .filter((piece) => piece.split(" ").length >= 7)
    .filter((piece, at, all) => all.indexOf(piece) === at);

interface Secret {
  from: string;
  text: string;
}

/** All that a learner is given only when it is due. */
const secretsOf = async (lab: LoadedLab): Promise<Secret[]> => {
  const secret = (from: string) => (text: string) => ({ from: `${lab.slug} ${from}`, text });
  const checks = Object.entries(lab.checks("lab-00")).flatMap(([id, check]) => [
    secret(`${id}.why`)(check.why),
    ...Object.entries(check.failures).flatMap(([code, failure]) => [
      secret(`${id}.${code}.says`)(failure.says),
      ...failure.hints.map(secret(`${id}.${code} hint`)),
    ]),
  ]);
  if (lab.exam !== undefined)
    return [...checks, ...Object.values(lab.checks("lab-00")).map(({ title }) => secret("title")(title))];
  const quiz = await lab.quiz();
  const items = quiz.items.flatMap((item) =>
    item.kind === "text"
      ? [secret(`${item.id}.model`)(item.model)]
      : item.choices.map((choice) => secret(`${item.id}.why`)(choice.why)),
  );
  return [...checks, ...items, ...quiz.predictions.map((one) => secret(`${one.id}.explanation`)(one.explanation))];
};

const texts = (): [string, string][] =>
  [...files]
    .filter(([path]) => [".html", ".js", ".json", ".pf_fragment", ".css", ".svg", ".txt"].includes(extname(path)))
    .map(([path, text]) => [path, plain(text)]);

/** What the lessons teach in their own text: a command that stands there is no secret in a hint. */
const taught = (): string[] =>
  labs.map((lab) => plain(fillFacts(readFileSync(join(lab.dir, "lesson.mdx"), "utf8"), lab.facts("lab-00"), lab.slug)));

const leaks = (secrets: Secret[], pages: [string, string][]): { piece: string; says: string }[] =>
  secrets.flatMap(({ from, text }) =>
    pieces(text).flatMap((piece) =>
      pages
        .filter(([, page]) => page.includes(piece))
        .map(([path]) => ({ piece, says: `${from} is in ${path}: "${piece}"` })),
    ),
  );

describe("nothing is given away before it is due", () => {
  it("holds no hint, verdict, explanation or model answer of any lab", async () => {
    expect(labs.length).toBeGreaterThan(0);
    const secrets = (await Promise.all([...labs, ...tasks].map(secretsOf))).flat();
    expect(secrets.length).toBeGreaterThan(100);
    const lessons = taught();
    const untold = ({ piece }: { piece: string }): boolean => !lessons.some((lesson) => lesson.includes(piece));
    expect(
      leaks(secrets, texts())
        .filter(untold)
        .map(({ says }) => says),
    ).toEqual([]);
  }, 120_000);

  it("would see one in a page, in a script and in the search index", () => {
    const secret = "Compare the Service's selector with the pods' labels, \"letter by letter\".";
    const planted: [string, string][] = [
      [
        "page",
        plain("<p>Compare the Service&#39;s <code>selector</code> with the pods' labels, “letter by letter”.</p>"),
      ],
      [
        "props",
        plain('{"a":"Compare the Service\\u0027s selector with the pods&#39; labels, \\"letter by letter\\"."}'),
      ],
      ["other", plain("Compare the two by yourself, please, and tell what differs.")],
    ];
    expect(leaks([{ from: "here", text: secret }], planted)).toHaveLength(2);
    expect(files.has([...files.keys()].find((path) => path.endsWith(".pf_fragment")) ?? "")).toBe(true);
    expect([...files].find(([path]) => path.endsWith(".pf_fragment"))?.[1]).toMatch(/"url":"\/labs\//);
  });

  it("holds no check's code", () => {
    const scripts = [...files].filter(([path]) => path.endsWith(".js"));
    const codes = labs.flatMap((lab) =>
      Object.values(lab.checks("lab-00")).flatMap((check) =>
        Object.keys(check.failures).filter((code) => code.includes("-")),
      ),
    );
    expect(codes.length).toBeGreaterThan(5);
    const found = scripts.flatMap(([path, text]) =>
      codes.filter((code) => new RegExp(`["'\`]${code}["'\`]`).test(text)).map((code) => `${code} in ${path}`),
    );
    expect(found).toEqual([]);
  });
});

const pagesOf = (): [string, string][] => [...files].filter(([path]) => path.endsWith(".html"));

describe("nothing leaves the machine", () => {
  it("loads everything from its own address", () => {
    for (const [path, html] of pagesOf()) {
      const loads = [
        ...html.matchAll(/<(?:script|img|iframe|source|video|audio)\b[^>]*?\ssrc="([^"]+)"/g),
        ...html.matchAll(/<link\b[^>]*?\shref="([^"]+)"/g),
        ...html.matchAll(/(?:component|renderer|before-hydration)-url="([^"]+)"/g),
      ].map(([, address]) => address as string);
      expect(loads.length, path).toBeGreaterThan(5);
      expect(
        loads.filter((address) => !address.startsWith("/") || address.startsWith("//")),
        path,
      ).toEqual([]);
    }
    for (const [path, css] of [...files].filter(([name]) => name.endsWith(".css"))) {
      const loads = [...css.matchAll(/url\(["']?([^"')]+)|@import\s+["']([^"']+)/g)].map(([, a, b]) => a ?? b ?? "");
      expect(
        loads.filter((address) => !/^(\/|data:|#)/.test(address)),
        path,
      ).toEqual([]);
    }
  });

  it("has inline scripts only from Astro, and no inline handlers", () => {
    for (const [path, html] of pagesOf()) {
      expect(html.match(/<[a-z][^>]*\son[a-z]+\s*=/gi) ?? [], path).toEqual([]);
      const inline = [...html.matchAll(/<script\b(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(
        ([, text]) => text ?? "",
      );
      expect(
        inline.filter((text) => !/\bAstro\b|astro/.test(text)),
        path,
      ).toEqual([]);
    }
  });
});

/** Paths of the scripts a script imports statically, or asks for at once when it runs. */
const importsOf = (path: string): string[] => {
  const text = files.get(path) ?? "";
  return [...text.matchAll(/(?:\bfrom|\bimport)\s*["'](\.\/[^"']+\.js)["']/g)].map(([, name]) =>
    join("_astro", (name as string).slice(2)),
  );
};

const closure = (start: string[]): Set<string> => {
  const seen = new Set<string>();
  const queue = [...start];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    queue.push(...importsOf(next));
  }
  return seen;
};

const kB = (paths: Iterable<string>): number =>
  [...paths].reduce((sum, path) => sum + gzipSync(files.get(path) ?? "").length, 0) / 1000;

describe("a lab page's scripts", () => {
  it("are at most 300 kB compressed, the terminal included, before its webgl renderer", () => {
    for (const { slug } of labs) {
      const html = files.get(`labs/${slug}/index.html`) ?? "";
      const named = [...html.matchAll(/(?:src|component-url|renderer-url|before-hydration-url)="\/([^"]+\.js)"/g)].map(
        ([, path]) => path as string,
      );
      const page = closure(named);
      expect([...page].filter((path) => !files.has(path))).toEqual([]);
      const terminal = [...files.keys()].filter((path) => /_astro\/session\.[^/]+\.js$/.test(path));
      expect(terminal).toHaveLength(1);
      const all = new Set([...page, ...closure(terminal)]);
      expect([...all].filter((path) => path.includes("webgl"))).toEqual([]);
      const [before, whole] = [kB(page), kB(all)];
      console.log(`${slug}: ${Math.round(before)} kB of script, ${Math.round(whole)} kB once a terminal is open`);
      expect(page.size).toBeGreaterThan(10);
      expect(before).toBeLessThanOrEqual(100);
      expect(whole).toBeLessThanOrEqual(300);
    }
  });
});

describe("pages", () => {
  it("hold no fact that was left open, and the stand-in for the learner's namespace", () => {
    for (const { slug, number } of labs) {
      const html = files.get(`labs/${slug}/index.html`) ?? "";
      expect(html.match(/\[\[[A-Za-z_][\w.]*\]\]/g) ?? []).toEqual([]);
      expect(html).toContain(`wbns${number}wb`);
    }
  });

  it("have one card for each check of a lab", () => {
    for (const lab of labs) {
      const html = files.get(`labs/${lab.slug}/index.html`) ?? "";
      const cards = [...html.matchAll(/<section class="task" id="task-([^"]+)"/g)].map(([, id]) => id);
      expect(cards.sort()).toEqual(Object.keys(lab.checks("lab-00")).sort());
    }
  });

  it("give every picture a text, and every field a label", () => {
    for (const [path, html] of pagesOf()) {
      for (const [svg] of html.matchAll(/<svg\b[^>]*>/g)) {
        expect(svg, path).toMatch(/aria-hidden="true"|role="img"[^>]*aria-label="[^"]{20,}"/);
      }
      for (const [button, attributes, inner] of html.matchAll(/<button\b([^>]*)>([\s\S]*?)<\/button>/g)) {
        const named = /aria-label="[^"]+"/.test(attributes ?? "") || plain(inner ?? "") !== "";
        expect(named, `${path}: ${button}`).toBe(true);
      }
    }
  });

  it("list every lab of the course on the map, those to come as such", () => {
    const home = files.get("index.html") ?? "";
    // Of the syllabus' 27 the capstone is an exam; every other exam comes on top.
    const exams = examFolders();
    const others = exams.filter(({ name }) => name !== "capstone").length;
    expect(home.match(/<li class="lab(?: coming)?"/g)).toHaveLength(27 + others);
    expect(home.match(/to come</g)).toHaveLength(27 - labs.length - (exams.length - others));
    for (const { name } of exams) expect(home).toContain(`href="/exam/${name}/"`);
    for (const { slug } of labs) expect(home).toContain(`href="/labs/${slug}/"`);
  });
});
