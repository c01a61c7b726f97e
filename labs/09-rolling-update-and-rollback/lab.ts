import { defineLab } from "../../checkers/core/lab.ts";
import { badImage } from "./checks/bad-image.ts";
import { bothUpdated } from "./checks/both-updated.ts";
import { experiments } from "./checks/experiments.ts";
import { history } from "./checks/history.ts";
import { noFailedRequest } from "./checks/no-failed-request.ts";
import { strategy } from "./checks/strategy.ts";
import { undo } from "./checks/undo.ts";
import { facts } from "./facts.ts";

export default defineLab({
  title: "Rolling update and rollback",
  summary: "Replace every pod while requests come in, lose none of them, and go back when the new version is wrong.",
  week: 2,
  minutes: 60,
  domain: "release",
  prerequisites: ["03-gateway-and-discovery", "05-probes"],
  facts,
  requests: ({ gatewayService, gatewayPort }) => ({ service: gatewayService, port: gatewayPort, path: "/predict" }),

  // In the order of the text.
  checks: (f) => ({
    strategy: strategy(f),
    "no-failed-request": noFailedRequest(f),
    "bad-image": badImage(f),
    history: history(f),
    undo: undo(f),
    "both-updated": bothUpdated(f),
  }),
  experiments,
});
