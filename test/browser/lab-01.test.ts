import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Course, freePort, need } from "../kit/course.ts";

let course: Course;
let browser: Browser;
let page: Page;
let opened: string;
const problems: string[] = [];
const foreign: string[] = [];

beforeAll(async () => {
  const port = await freePort();
  course = new Course(["--port", String(port)]);
  opened = (await course.event("open")).url;
  await course.event("up");
  browser = await chromium.launch({
    executablePath: need("WORKBOOK_TEST_BROWSER"),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      // Without WebGL the terminal draws its text into the page, where a test can read it.
      "--disable-3d-apis",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  page.on("request", (request) => {
    if (new URL(request.url()).hostname !== "127.0.0.1" && !/^(data|blob):/.test(request.url()))
      foreign.push(request.url());
  });
}, 400_000);

afterAll(async () => {
  await browser?.close();
  await course?.stop();
});

const screen = (): Promise<string> => page.locator(".xterm-rows").first().innerText();

/** Types a line into the terminal as a person does, and waits for what it prints. */
const type = async (line: string, prints: RegExp, within = 60_000): Promise<void> => {
  await page.locator(".xterm").first().click();
  await page.keyboard.type(line);
  await page.keyboard.press("Enter");
  await expect.poll(screen, { timeout: within, message: `after: ${line}` }).toMatch(prints);
};
const clear = async (): Promise<void> => {
  await page.locator(".xterm").first().click();
  await page.keyboard.press("Control+l");
  await expect.poll(async () => (await screen()).trim().split("\n").length, { timeout: 10_000 }).toBeLessThan(3);
};

const task = (check: string) => page.locator(`#task-${check}`);
const state = (check: string) => task(check).locator("header .state").innerText();
const becomes = async (check: string, word: string, within = 90_000): Promise<void> => {
  await expect
    .poll(() => state(check), { timeout: within })
    .toBe(word)
    .catch(async () => {
      const says = (await task(check).innerText()).replaceAll(/\s+/g, " ");
      throw new Error(`${check} does not become "${word}"; its card says: ${says}`);
    });
};

const handIn = async (check: string, text: string): Promise<void> => {
  await task(check).locator(".answer input").fill(text);
  await task(check).getByRole("button", { name: "Hand in" }).click();
};

describe("lab 01, as a learner does it", () => {
  it("opens on the course map and leads into the lab", async () => {
    await page.goto(opened);
    await expect.poll(() => page.title()).toMatch(/Kubernetes/);
    await page
      .getByRole("link", { name: /cluster and kubectl/i })
      .first()
      .click();
    await page.waitForURL(/labs\/01-cluster-and-kubectl/);
    await expect.poll(screen, { timeout: 60_000 }).toMatch(/\$/);
  }, 90_000);

  it("has the lab's working folder and the pinned kubectl in the terminal", async () => {
    await type("kubectl version --client && pwd", /Client Version: v1\.\d+[\s\S]*01-cluster-and-kubectl/);
    await clear();
  }, 90_000);

  it("runs a code block with one click, and says so", async () => {
    const block = page.locator("figure, .expressive-code").filter({ hasText: "kubectl get nodes" }).first();
    await block.getByRole("button", { name: /run/i }).click();
    await expect.poll(screen, { timeout: 30_000 }).toMatch(/control-plane/);
    await expect.poll(() => block.innerText(), { timeout: 10_000 }).toMatch(/ran just now in terminal 1/i);
    await clear();
  }, 90_000);

  it("shows a wrong answer what was expected, what was seen, and a hint", async () => {
    await type("kubectl config set-context --current --namespace=somewhere-else", /modified/);
    await becomes("context-namespace", "not yet");
    const card = task("context-namespace");
    await expect.poll(() => card.innerText()).toMatch(/not the one of this lab/);
    const seen = card.getByRole("button", { name: /What was seen/ });
    if ((await seen.getAttribute("aria-expanded")) === "false") await seen.click();
    await expect.poll(() => card.innerText()).toMatch(/somewhere-else/);
    expect(await card.innerText()).not.toMatch(/letter by letter/);
    await card.getByRole("button", { name: /Hint 1 of 2/ }).click();
    await expect.poll(() => card.innerText(), { timeout: 10_000 }).toMatch(/letter by letter/);
  }, 90_000);

  it("turns green by itself when the cluster is right", async () => {
    await clear();
    await type("kubectl config set-context --current --namespace=lab-01", /modified/);
    await becomes("context-namespace", "passed");
  }, 90_000);

  it("takes a count of nodes, wrong first", async () => {
    await handIn("nodes-ready", "2");
    await becomes("nodes-ready", "not yet");
    await handIn("nodes-ready", "3");
    await becomes("nodes-ready", "passed");
  }, 60_000);

  it("sees a deleted pod replaced", async () => {
    await clear();
    await type("kubectl rollout status deployment/ml-demo --timeout=90s; sleep 2", /successfully rolled out/, 100_000);
    await clear();
    await type("kubectl delete $(kubectl get pods -l app=ml-demo -o name | head -1)", /deleted/, 60_000);
    await becomes("pod-replaced", "passed");
    expect(await state("service-selects")).not.toBe("passed");
  }, 240_000);

  it("sees the Service mended and answering", async () => {
    await clear();
    await type(`kubectl patch service ml-demo -p '{"spec":{"selector":{"tier":"backend"}}}'`, /patched/);
    await becomes("service-selects", "passed");
    await becomes("service-answers", "passed");
  }, 200_000);

  it("takes the two codes, swapped first", async () => {
    await clear();
    await type("kubectl exec deployment/ml-demo -- cat /tmp/inside-code", /[0-9A-Z]{4}-[0-9A-Z]{4}/);
    const inside = /[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(await screen())?.[0] as string;
    await clear();
    const local = await freePort();
    await type(
      `kubectl port-forward deployment/ml-demo ${local}:9000 > /dev/null & until curl -sf localhost:${local}/code; do sleep 1; done; kill %1`,
      /[0-9A-Z]{4}-[0-9A-Z]{4}/,
    );
    const port = /[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(await screen())?.[0] as string;
    expect(port).not.toBe(inside);
    await handIn("inside-code", port);
    await becomes("inside-code", "not yet");
    await handIn("inside-code", inside);
    await becomes("inside-code", "passed");
    await handIn("port-code", port);
    await becomes("port-code", "passed");
  }, 240_000);

  it("keeps terminal and verdicts across a reload", async () => {
    await clear();
    await type("echo still-$((40 + 2))-here", /still-42-here/);
    await page.reload();
    await expect.poll(screen, { timeout: 30_000 }).toMatch(/still-42-here/);
    const cards = await page.locator("section.task header .state").count();
    expect(cards).toBe(7);
    await expect
      .poll(() => page.locator("section.task header .state[data-state=pass]").count(), { timeout: 60_000 })
      .toBe(7);
    expect(await page.locator("header").first().innerText()).toMatch(/14\s*\/\s*14/);
  }, 120_000);

  it("asked nobody outside this machine and logged no error", () => {
    expect(foreign).toEqual([]);
    expect(problems).toEqual([]);
  });
});
