import { check } from "../../../checkers/core/check.ts";
import { fail, pass } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";

/**
 * Right: set-context --current --namespace; config set contexts.NAME.namespace; a context of one's own, then use-context.
 * Wrong: -n on every command; set-context NAME without use-context (a new context nobody uses); another namespace.
 */
export const contextNamespace = (f: Facts) =>
  check({
    title: `Your context's namespace is ${f.namespace}`,
    points: 1,
    mode: "observe",
    within: "10s",
    evidence: "state",
    why: "A context is three names in a file: a cluster, a user and a namespace. kubectl sends the namespace along whenever you give none, and no check anywhere asks whether it is the one you meant. That is why people who work on several clusters put the context in their prompt, and scripts always say --context and -n.",
    failures: {
      "still-default": {
        says: "Without -n, your commands still go to the namespace default.",
        hints: [
          "kubectl config get-contexts marks the current context with a star; its last column is the namespace. Empty means default.",
          "kubectl config set-context can change a context. Mind which one: without --current it makes or changes the context you name, and goes on using the old one.",
          "The option you need is --namespace: kubectl config set-context --current --namespace=…",
        ],
        untouched: true,
      },
      elsewhere: {
        says: "Your context names a namespace, but not the one of this lab.",
        hints: [
          "Compare the last column of kubectl config get-contexts with the namespace named in the task, letter by letter.",
          "Give kubectl config set-context --current the namespace from the task. kubectl takes any name here, also of a namespace that does not exist.",
        ],
      },
    },
    async observe({ learner, namespace }) {
      const actual = await learner.currentNamespace();
      const evidence = {
        object: "kubeconfig",
        path: "namespace of the current context",
        expected: namespace,
        actual,
        command: "kubectl config get-contexts",
      };
      if (actual === namespace) return pass(evidence);
      return fail(actual === "default" ? "still-default" : "elsewhere", evidence);
    },
  });
