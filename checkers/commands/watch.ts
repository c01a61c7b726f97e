import { join } from "node:path";
import { addonPlace } from "../../cluster/addons/index.ts";
import { paths } from "../../cluster/paths.ts";
import type { CheckReport, LabReport } from "../core/report.ts";
import { enterLab } from "../enter.ts";
import { LiveCluster } from "../kube/live.ts";
import { shortName } from "../labs.ts";
import { LabSession } from "../session.ts";
import { LabAddons } from "./addons.ts";
import { exitCode } from "./check.ts";
import { interruptible } from "./interrupt.ts";
import type { Io } from "./io.ts";
import { clusterOf, type LabArgs, labPlace } from "./lab-place.ts";
import { checkLines, headline, scoreLine } from "./render.ts";

/**
 * Shows a lab's checks as they change, until Ctrl-C: redrawn in place on a terminal, a line per change when piped. Opens the lab
 * if it was not open yet. Exit code as `check` would give it at that moment.
 */
export async function watchCommand(args: LabArgs, io: Io): Promise<number> {
  const place = await labPlace(args);
  const { lab, namespace, transport } = place;
  const live = new LiveCluster(transport, namespace);
  let session: LabSession | undefined;
  let addons: LabAddons | undefined;
  try {
    return await interruptible(async (signal) => {
      const { kube, labs, bin } = paths();
      const says = (step: string): void => io.err(io.style("dim", `… ${step}`));
      const kubectl = join(bin, "kubectl");
      const { kubeconfig } = clusterOf(lab);
      if (lab.definition.addons?.length) {
        const at = await addonPlace(kubeconfig, signal);
        addons = new LabAddons(() => at);
      }
      const entered = await enterLab({
        lab,
        namespace,
        kubeconfig,
        paths: { kube, labs },
        kubectl,
        signal,
        says,
        addons: async (names, tell) => addons?.bring(namespace, names, tell, signal),
      });
      const onReport = io.tty ? redraw(io, shortName(lab.slug)) : lines(io);
      session = new LabSession({
        lab,
        namespace,
        live,
        transport,
        folder: entered.folder,
        kubeconfig: entered.kubeconfig,
        onReport,
      });
      onReport(session.report());
      await new Promise<void>((resolve) => {
        if (signal.aborted) return resolve();
        // Keeps the process alive: the watches alone would, but not while the API server is away.
        const alive = setInterval(() => {}, 60_000);
        signal.addEventListener("abort", () => {
          clearInterval(alive);
          resolve();
        });
      });
      return exitCode(session.report());
    });
  } finally {
    addons?.close();
    await session?.stop();
    live.close();
    transport.close();
    if (io.tty) io.out();
  }
}

/** The whole list again, from the top of the screen. */
const redraw = (io: Io, number: string) => (report: LabReport) => {
  const text = [
    `${io.style("bold", `${number} ${report.title}`)}  ${io.style("dim", `namespace ${report.namespace}`)}`,
    "",
    ...report.checks.flatMap((check) =>
      check.state === "fail" ? checkLines(check, number, io) : [headline(check, io), ...why(check)],
    ),
    "",
    scoreLine(report, io),
    io.style("dim", "watching; Ctrl-C ends"),
  ];
  // Home, each line cleared to its end, then the rest of the screen: nothing flickers.
  process.stdout.write(`\u001b[H${text.map((line) => `${line}\u001b[K`).join("\n")}\n\u001b[J`);
};

const why = (check: CheckReport): string[] =>
  ["waiting", "blocked", "error"].includes(check.state) && check.says ? [`    ${check.says}`] : [];

/** One line for each check whose state changed. */
const lines = (io: Io) => {
  const last = new Map<string, string>();
  return (report: LabReport) => {
    for (const check of report.checks) {
      const now = `${check.state} ${check.code ?? ""} ${check.state === "waiting" ? "" : (check.says ?? "")}`;
      if (last.get(check.id) === now) continue;
      last.set(check.id, now);
      const time = (check.at ? new Date(check.at) : new Date()).toTimeString().slice(0, 8);
      io.out(`${time} ${headline(check, io)}${check.says ? `: ${check.says}` : ""}`);
    }
  };
};
