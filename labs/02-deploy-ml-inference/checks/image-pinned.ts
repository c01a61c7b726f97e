import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { names } from "./objects.ts";

/** Splits `image` into what stands before the tag, and the tag; a digest counts as pinned. */
export function imageParts(image: string): { repository: string; tag: string | undefined; digest: string | undefined } {
  const [before = "", digest] = image.split("@");
  const slash = before.lastIndexOf("/");
  const colon = before.indexOf(":", slash + 1);
  return colon < 0
    ? { repository: before, tag: undefined, digest }
    : { repository: before.slice(0, colon), tag: before.slice(colon + 1), digest };
}

/** A fixed version in the pod template. */
export const imagePinned = ({ deployment, image }: Facts): Check =>
  check({
    title: `The pods run ${image}, not whatever is latest`,
    points: 1,
    mode: "observe",
    within: "30s",
    evidence: "state",
    why: "A tag that moves makes two pods of one Deployment run two programs, and gives a rollback nothing to go back to. A version in the manifest is a fact in your history.",
    failures: {
      "no-deployment": {
        untouched: true,
        says: "There is no Deployment to read an image from yet.",
        hints: [`Finish ${deployment}.yaml and apply it; the image is one of the places left open.`],
      },
      floating: {
        says: "The image has no fixed version: no tag means :latest, and latest is whatever was pushed last.",
        hints: [
          "What would the pod run that is made tonight, when a node fails and someone pushed this afternoon?",
          `Name the version after a colon: ${image}`,
        ],
      },
      "other-image": {
        says: "The pods run another image or version than the task asks for.",
        hints: [
          "Compare the image in the evidence with the task's, registry and tag included.",
          `Set image: ${image} and apply.`,
        ],
      },
    },
    async observe({ cluster }) {
      const found = await cluster.get(kinds.Deployment, deployment);
      if (!found)
        return fail("no-deployment", {
          object: `deployment/${deployment}`,
          expected: "exists",
          actual: "not found",
          command: "kubectl get deployments",
        });
      const images = (found.spec?.template.spec?.containers ?? []).map((one) => one.image ?? "");
      const evidence: Evidence = {
        object: `deployment/${deployment}`,
        path: "spec.template.spec.containers[*].image",
        expected: image,
        actual: names(images),
        command: `kubectl get deployment ${deployment} -o jsonpath='{.spec.template.spec.containers[*].image}'`,
      };
      const parts = images.map(imageParts);
      if (parts.some(({ tag, digest }) => !digest && (tag === undefined || tag === "latest")))
        return fail("floating", evidence);
      const wanted = imageParts(image);
      const serves = parts.some(
        (one) => one.repository === wanted.repository && (one.digest !== undefined || one.tag === wanted.tag),
      );
      return serves ? pass(evidence) : fail("other-image", evidence);
    },
  });
