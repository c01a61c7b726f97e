import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { json, post, run, start, until, useApp } from "./running.ts";

useApp();

let folder = "";
let revision = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "config-dir-"));
  revision = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Writes the files as the kubelet does: into a new folder, to which a link is then swapped in one step. */
function mount(files: Record<string, string>): string {
  const data = `..revision_${revision++}`;
  mkdirSync(join(folder, data));
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, data, name), text);
    rmSync(join(folder, name), { force: true });
    symlinkSync(join("..data", name), join(folder, name));
  }
  symlinkSync(data, join(folder, "..next"));
  renameSync(join(folder, "..next"), join(folder, "..data"));
  return folder;
}

const settings = async (url: string) => (await json(`${url}/config`)).settings;
const batch = (url: string, instances: number) =>
  post(`${url}/predict`, { instances: Array.from({ length: instances }, () => 1) });

test("a file overrules the variable, and a new value counts without a restart", async () => {
  const app = await start({ env: { CONFIG_DIR: mount({ BATCH_SIZE: "2\n" }), BATCH_SIZE: "9", REQUEST_TIMEOUT: "7" } });
  expect(await settings(app.url)).toMatchObject({
    BATCH_SIZE: { value: 2, from: "file", environment: "9", file: "2" },
    REQUEST_TIMEOUT: { value: 7, from: "environment", environment: "7" },
    LOG_LEVEL: { value: "info", from: "default" },
  });
  expect((await batch(app.url, 3)).status).toBe(400);
  mount({ BATCH_SIZE: "3" });
  await until(async () => (await settings(app.url)).BATCH_SIZE.value === 3);
  expect((await batch(app.url, 3)).status).toBe(200);
  expect((await json(`${app.url}/status`)).settings.batch_size).toBe(3);
  expect(await app.line("configuration changed")).toMatchObject({ changed: "BATCH_SIZE" });
  expect((await json(`${app.url}/config`)).changed_at).toEqual(expect.any(String));
});

test("more is logged once the file says so", async () => {
  const app = await start({ env: { CONFIG_DIR: mount({ LOG_LEVEL: "info" }) } });
  await fetch(`${app.url}/ready`);
  mount({ LOG_LEVEL: "debug" });
  await app.line("configuration changed");
  await fetch(`${app.url}/ready`);
  await app.line("request");
  expect(app.lines().filter(({ msg }) => msg === "request")).toHaveLength(1);
});

test("a bad value leaves all as it was, and says why", async () => {
  const app = await start({ env: { CONFIG_DIR: mount({ BATCH_SIZE: "2", REQUEST_TIMEOUT: "5" }) } });
  mount({ BATCH_SIZE: "many", REQUEST_TIMEOUT: "6" });
  expect((await app.line("configuration not taken, the former one stays")).problems).toContain("BATCH_SIZE");
  expect(await settings(app.url)).toMatchObject({ BATCH_SIZE: { value: 2 }, REQUEST_TIMEOUT: { value: 5 } });
  expect((await json(`${app.url}/config`)).problems[0]).toContain("many");
  mount({ BATCH_SIZE: "4", REQUEST_TIMEOUT: "6" });
  await until(async () => (await settings(app.url)).REQUEST_TIMEOUT.value === 6);
  expect((await json(`${app.url}/config`)).problems).toEqual([]);
});

test("files that are no settings are named, never shown", async () => {
  const app = await start({ env: { CONFIG_DIR: mount({ API_KEY: "s3cret-key", ERROR_RATE: "1" }) } });
  const said = await (await fetch(`${app.url}/config`)).text();
  expect(JSON.parse(said).files).toEqual(["API_KEY", "ERROR_RATE"]);
  expect(said + app.output()).not.toContain("s3cret");
  expect((await fetch(`${app.url}/predict`)).status).toBe(200);
});

test.each([
  ["a bad file", () => mount({ LOG_LEVEL: "loud" }), "LOG_LEVEL"],
  ["a folder that is not there", () => join(folder, "absent"), "ENOENT"],
])("%s ends the start with one line", async (_what, dir, why) => {
  const { code, stderr } = await run({ env: { CONFIG_DIR: dir() } });
  expect(code).toBe(1);
  expect(JSON.parse(stderr).msg).toContain(why);
});
