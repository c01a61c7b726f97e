import { defineLab } from "../../checkers/core/lab.ts";
import { address } from "./checks/address.ts";
import { configSource } from "./checks/config-source.ts";
import { experiments } from "./checks/experiments.ts";
import { gateway } from "./checks/gateway.ts";
import { names } from "./checks/names.ts";
import { routes } from "./checks/routes.ts";
import { survives } from "./checks/survives.ts";
import { facts } from "./facts.ts";

export default defineLab({
  title: "Gateway and discovery",
  summary:
    "Put an nginx gateway in front of the model, open it to the outside, and know how each name on the way becomes an address.",
  week: 1,
  minutes: 60,
  domain: "expose",
  prerequisites: ["02-deploy-ml-inference"],
  requires: { nodePort: true },
  answers: { address: { label: "Address that the model's Service resolves to" } },
  facts,
  // In the order of the text.
  checks: (lab) => ({
    address: address(lab),
    gateway: gateway(lab),
    "config-source": configSource(lab),
    names: names(lab),
    routes: routes(lab),
    survives: survives(lab),
  }),
  requests: ({ nodePort }) => ({ nodePort, path: "/predict" }),
  experiments,
});
