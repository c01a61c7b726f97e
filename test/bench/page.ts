import { existsSync } from "node:fs";
import { type Browser, chromium, type Request } from "playwright-core";
import { figure } from "./figures.ts";
import { type Bench, type Measured, type Part, pause } from "./part.ts";
import { slug } from "./stage.ts";

const programs = [
  process.env.WORKBOOK_CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

async function launch(bench: Bench): Promise<Browser> {
  const executablePath = programs.find((path) => path !== undefined && existsSync(path));
  if (!executablePath) throw new Error("There is no Chromium here; name one in WORKBOOK_CHROMIUM.");
  const browser = await chromium.launch({
    executablePath,
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    // Root has no use for the sandbox, and Chromium refuses it.
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  });
  bench.after(() => browser.close());
  return browser;
}

async function run(bench: Bench): Promise<Measured> {
  const { signal } = bench;
  const { course, cookie } = await bench.stage();
  const browser = await launch(bench);
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const [name = "", value = ""] = cookie.split("=");
  await context.addCookies([{ name, value, url: course.url }]);
  const hosts = new Map<string, number>();
  const count = (url: string): void => {
    if (/^(data|blob|about):/.test(url)) return;
    const { host } = new URL(url);
    hosts.set(host, (hosts.get(host) ?? 0) + 1);
  };
  const page = await context.newPage();
  const scripts: Request[] = [];
  let webgl: number | undefined;
  context.on("request", (request) => {
    count(request.url());
    if (request.resourceType() !== "script") return;
    if (/webgl/.test(request.url())) webgl ??= scripts.length;
    else if (webgl === undefined) scripts.push(request);
  });
  page.on("websocket", (socket) => count(socket.url()));
  bench.says("a lab page, cold, until its terminal shows a prompt");
  const began = performance.now();
  await page.goto(`${course.url}/labs/${slug}`, { waitUntil: "load", timeout: 60_000 });
  const loaded = performance.now() - began;
  await page.locator(".xterm-screen").first().waitFor({ timeout: 60_000 });
  const terminal = performance.now() - began;
  for (let look = 0; webgl === undefined && look < 50; look++) await pause(100, signal);
  await pause(1_000, signal);
  const sizes = await Promise.all(
    scripts.map(async (one) => [one.url(), (await one.sizes()).responseBodySize] as const),
  );
  const bytes = sizes.reduce((sum, [, size]) => sum + size, 0);
  // Home and search as well: what they fetch must not leave the machine either.
  await page.goto(course.url, { waitUntil: "networkidle", timeout: 60_000 });
  await page.keyboard.press("/");
  await page.keyboard.type("readiness probe", { delay: 20 });
  await pause(1_500, signal);
  const own = new URL(course.url).host;
  const foreign = [...hosts].filter(([host]) => host !== own);
  return {
    figures: [
      figure("compressed script of a lab page before webgl", "kB", [bytes / 1000], {
        limit: 300,
        sense: "at most",
        of: "max",
      }),
      figure("requests that leave the machine", "", [foreign.reduce((sum, [, n]) => sum + n, 0)], {
        limit: 0,
        sense: "at most",
        of: "max",
      }),
      figure("lab page → load event, cold", "ms", [loaded]),
      figure("lab page → terminal on the page, cold", "ms", [terminal]),
    ],
    notes: [
      `Requests by host: ${[...hosts].map(([host, n]) => `${host === own ? "the course itself" : host} ${n}`).join(", ")} (lab page, home, a search).`,
      `${webgl === undefined ? "The webgl renderer was not loaded. " : ""}Largest scripts: ${sizes
        .toSorted(([, a], [, b]) => b - a)
        .slice(0, 4)
        .map(([url, size]) => `${new URL(url).pathname.split("/").at(-1)} ${(size / 1000).toFixed(1)} kB`)
        .join(", ")}.`,
    ],
  };
}

export const page: Part = { name: "page", says: "what the lab page loads, and from where", run };
