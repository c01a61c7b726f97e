import { type Check, check } from "../../../checkers/core/check.ts";
import { type Evidence, fail, pass } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";

const reason = "OOMKilled";
const exitCode = "137";

/** What the learner read from the pod's last state. */
export const oomExplained = (f: Facts): Check =>
  check({
    title: `Why ${f.scorer} keeps ending: the reason and the exit code`,
    points: 2,
    mode: "observe",
    within: "5s",
    evidence: "state",
    why: "The kernel, not Kubernetes, ended the process: its group had reached its memory limit and asked for more. 137 is 128 + 9, the number of SIGKILL. A process gets no chance to say anything, which is why the log ends in the middle of a normal day.",
    failures: {
      "no-answer": {
        untouched: true,
        says: "Nothing has been handed in yet.",
        hints: [
          "A container's last end is kept with its pod. Which kubectl command shows a pod's whole story?",
          `kubectl describe pod -l app=${f.scorer} has a paragraph Last State, with Reason and Exit Code.`,
        ],
      },
      half: {
        says: "One of the two is there, the other isn't yet.",
        hints: ["Reason and Exit Code stand on two lines, one below the other, under Last State (not State)."],
      },
      "backoff-is-not-why": {
        says: "That is what Kubernetes does now, not why the process ended: it waits before it tries again.",
        hints: [
          "State tells the present, Last State the run before. Which of the two says how the process ended?",
          `kubectl get pod -l app=${f.scorer} -o jsonpath='{.items[0].status.containerStatuses[0].lastState.terminated}'`,
        ],
      },
      "wrong-reason": {
        says: "That isn't the reason the pod's last state gives.",
        hints: [
          "Copy the word as it stands after Reason: under Last State. Error usually means a process that ended by itself.",
          "Error beside 137? On a busy node the runtime may miss the kernel's notice. Wait for the next restart and look again: kubectl describe pod names the kernel's out-of-memory killer in one word.",
          "There is a time between two runs in which State itself says Terminated; its Reason is the same word.",
        ],
      },
      "wrong-code": {
        says: "That isn't the exit code of the last run.",
        hints: [
          "A process that was killed by a signal is reported as 128 plus the signal's number. Which signal cannot be caught?",
          "Read Exit Code under Last State once more.",
        ],
      },
    },
    async observe({ learner }) {
      const [word, code] = await Promise.all([learner.answer("reason"), learner.answer("exit-code")]);
      const command = `kubectl describe pod -l app=${f.scorer}`;
      const said: Evidence[] = [
        { path: "reason", expected: "the word after Reason, under Last State", actual: word ?? "nothing yet", command },
        { path: "exit code", expected: "the number after Exit Code", actual: code ?? "nothing yet", command },
      ];
      if (word === undefined && code === undefined) return fail("no-answer", said);
      if (word === undefined || code === undefined) return fail("half", said);
      if (/back-?off/i.test(word)) return fail("backoff-is-not-why", said);
      if (word.replaceAll(/[^a-z]/gi, "").toLowerCase() !== reason.toLowerCase()) return fail("wrong-reason", said);
      return code === exitCode ? pass(said) : fail("wrong-code", said);
    },
  });
