import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { downCluster, ensureCluster } from "../../cluster/index.ts";
import { labImages } from "./cluster-manager.ts";
import { type Io, UserError } from "./io.ts";
import { clusterProgress } from "./progress.ts";

/**
 * Brings up the cluster of the tests (the caller has set WORKBOOK_CLUSTER and WORKBOOK_HOME) and returns what the tests need to know of it.
 * One left over from an interrupted run is deleted first: the proof starts from nothing.
 */
export async function testCluster(io: Io, signal: AbortSignal): Promise<Record<string, string>> {
  await downCluster({ purge: true, keepCache: true });
  const progress = clusterProgress(io);
  const handle = await ensureCluster({
    yes: true,
    workers: 2,
    images: labImages,
    signal,
    onView: (view) => progress.show(view),
  });
  return {
    WORKBOOK_TEST_KUBECONFIG: handle.kubeconfig,
    WORKBOOK_TEST_BIN: handle.bin,
    WORKBOOK_TEST_NODE_PORTS: JSON.stringify(handle.nodePorts),
    WORKBOOK_TEST_BROWSER: browser(io),
  };
}

/** Deletes the cluster of the tests; what was built for it stays in the cache. */
export async function endTestCluster(io: Io): Promise<void> {
  for (const line of await downCluster({ purge: true, keepCache: true })) io.out(line);
}

const browsers = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** A Chromium to drive: the one that is there, else Debian's. Throws UserError where neither can be had. */
function browser(io: Io): string {
  const found = browsers.find((path) => existsSync(path));
  if (found) return found;
  if (existsSync("/etc/debian_version") && process.getuid?.() === 0) {
    io.out("Installing Chromium for the browser test ...");
    execFileSync("apt-get", ["update", "-qq"], { stdio: "inherit" });
    execFileSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-liberation"], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    return "/usr/bin/chromium";
  }
  throw new UserError("The browser test needs Chromium or Chrome, and none is installed.", {
    todo: "Install one, then run ./workbook test again.",
  });
}
