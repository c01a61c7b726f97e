import { check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { fail, pass, waiting } from "../../../checkers/core/verdict.ts";

const numbers = ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
/** The count in "3", "3 nodes" or "three"; -1 where there is none. */
const count = (text: string) => {
  const digits = /\d+/.exec(text);
  return digits ? Number(digits[0]) : numbers.indexOf(/[a-z]+/.exec(text.toLowerCase())?.[0] ?? "");
};

/**
 * Right: get nodes; describe nodes; a jsonpath over the Ready conditions; "3", "3 nodes", "three".
 * Wrong: the workers only; the number of pods; nothing entered.
 */
export const nodesReady = () =>
  check({
    title: "You know how many nodes are Ready",
    points: 1,
    mode: "observe",
    within: "60s",
    evidence: "state",
    why: "A node is a machine with a kubelet on it. The kubelet renews its Lease every 10 seconds; when that stops for about 50 seconds, the node controller sets the node's Ready condition to Unknown, and after five more minutes its pods are evicted and, where a controller wants them, made anew elsewhere. The control plane's node counts too: it runs a kubelet like any other; what keeps your pods off it is a taint.",
    failures: {
      "none-entered": {
        says: "No number has been entered yet.",
        hints: [
          "kubectl get names any kind of object. Nodes are one.",
          "kubectl get nodes prints a line per node. Count those whose STATUS column says Ready, and enter the number under the task.",
        ],
        untouched: true,
      },
      "workers-only": {
        says: "That is the number of nodes without the control plane; its machine is a node as well.",
        hints: [
          "Look at the ROLES column of kubectl get nodes: what does it say for the node you left out, and what does STATUS say?",
          "The question is which nodes are Ready, whatever their role: a control-plane node has a kubelet, a STATUS and pods of its own.",
        ],
      },
      "wrong-count": {
        says: "The number entered is not the number of nodes that are Ready.",
        hints: [
          "Pods, namespaces and nodes are different lists. Which one did you count?",
          "kubectl get nodes prints a heading and then one line per node. Count the lines whose STATUS is Ready.",
        ],
      },
    },
    async observe({ cluster, learner }) {
      const nodes = await cluster.list(kinds.Node);
      const asleep = nodes.filter(
        (node) => !node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True"),
      );
      const command = "kubectl get nodes";
      if (asleep.length > 0) {
        return waiting(`${asleep.map((node) => `node/${node.metadata?.name}`).join(", ")} is not Ready`, {
          object: `node/${asleep[0]?.metadata?.name}`,
          path: "status.conditions[Ready]",
          expected: "True",
          actual: "not True",
          command,
        });
      }
      const entered = await learner.answer("nodes");
      const evidence = { object: "nodes", path: "Ready", expected: "the number of Ready nodes", command };
      if (!entered) return fail("none-entered", { ...evidence, actual: "nothing entered" });
      const workers = nodes.filter(
        ({ metadata }) => metadata?.labels?.["node-role.kubernetes.io/control-plane"] === undefined,
      );
      const said = { ...evidence, actual: `entered: ${entered.slice(0, 40)}` };
      if (count(entered) === nodes.length) {
        return pass({ ...evidence, expected: `${nodes.length}`, actual: entered.slice(0, 40) });
      }
      return fail(count(entered) === workers.length ? "workers-only" : "wrong-count", said);
    },
  });
