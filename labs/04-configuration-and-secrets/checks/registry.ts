import { type Check, check } from "../../../checkers/core/check.ts";
import { kinds } from "../../../checkers/core/port.ts";
import { type Evidence, fail, pass, waiting } from "../../../checkers/core/verdict.ts";
import type { Facts } from "../facts.ts";
import { fleet, listed, nameOf, notFound } from "./reading.ts";

interface Login {
  user: string;
  password: string;
}

/** The logins in a .dockerconfigjson, by registry. Undefined when it is not JSON of that kind. */
export function logins(text: string): Map<string, Login> | undefined {
  try {
    const { auths } = JSON.parse(text) as {
      auths?: Record<string, { username?: string; password?: string; auth?: string }>;
    };
    if (typeof auths !== "object" || auths === null) return undefined;
    return new Map(
      Object.entries(auths).map(([server, { username, password, auth }]) => {
        const [user = "", ...rest] = Buffer.from(auth ?? "", "base64")
          .toString("utf8")
          .split(":");
        return [
          server.replace(/^https?:\/\//, "").replace(/\/.*$/, ""),
          { user: username ?? user, password: password ?? rest.join(":") },
        ];
      }),
    );
  } catch {
    return undefined;
  }
}

/**
 * Reads the Secret as the kubelet would when it pulls, and the pods.
 * Right: kubectl create secret docker-registry; a manifest of that type; named in the template or in the pods' ServiceAccount.
 * Wrong: a generic Secret with two keys; another registry; made and named nowhere; a misspelt name.
 */
export const registry = (lab: Facts): Check =>
  check({
    title: `The model's pods log in to ${lab.registry} with ${lab.registrySecret}`,
    points: 2,
    mode: "observe",
    within: "60s",
    evidence: "state",
    why: "The node pulls the image before the container exists, so the login can't be in its environment. The kubelet reads the Secret named under imagePullSecrets, looks for the image's registry among its logins, and uses that one. The process never sees it.",
    failures: {
      "no-secret": {
        untouched: true,
        says: `There is no Secret ${lab.registrySecret} yet.`,
        hints: [
          "A login for a registry has a form of its own; of the three kinds of kubectl create secret, one makes it.",
          `kubectl create secret docker-registry ${lab.registrySecret} --docker-server=… --docker-username=… --docker-password=…`,
        ],
      },
      "wrong-type": {
        says: "The Secret holds key-value pairs; the kubelet can't log in with those, and says nothing: it just pulls without a login.",
        hints: [
          `kubectl get secret ${lab.registrySecret} shows TYPE. Opaque is any pairs; a registry login is kubernetes.io/dockerconfigjson.`,
          "A Secret's type can't be changed. Delete it and create it anew with kubectl create secret docker-registry.",
        ],
      },
      "other-registry": {
        says: "The Secret has a login, but for another registry than the one the image comes from.",
        hints: [
          "The registry is what stands before the first slash of an image's name. Which one is it here?",
          `--docker-server=${lab.registry}. Left out, it is Docker Hub.`,
        ],
      },
      "other-login": {
        says: "The login in the Secret isn't the one of the task.",
        hints: [
          "Decode it and compare user and password: kubectl get secret NAME -o jsonpath='{.data.\\.dockerconfigjson}' | base64 --decode",
          "Quote the password for the shell, delete the Secret and create it anew.",
        ],
      },
      "not-used": {
        says: "The Secret is fine, and no pod of the model uses it.",
        hints: [
          "kubectl explain deployment.spec.template.spec.imagePullSecrets. Beside which field does it stand, and is it a list?",
          `In the pod template's spec, beside containers: imagePullSecrets: and one entry, name: ${lab.registrySecret}. (It may also stand in the pods' ServiceAccount; then new pods get it.)`,
        ],
      },
      "no-pods": {
        says: "The model has no ready pod of its present template.",
        hints: [
          "The first task says what keeps it; kubectl describe pod tells the rest.",
          `kubectl rollout status deployment/${lab.backend} tells when the pods of the present template are there.`,
        ],
      },
    },
    async observe({ cluster }) {
      const secret = await cluster.get(kinds.Secret, lab.registrySecret);
      const command = `kubectl describe secret ${lab.registrySecret}`;
      if (!secret) return fail("no-secret", notFound(`secret/${lab.registrySecret}`, "kubectl get secrets"));
      const at = { object: `secret/${lab.registrySecret}`, command };
      const text = Buffer.from(secret.data?.[".dockerconfigjson"] ?? "", "base64").toString("utf8");
      const found = logins(text);
      if (secret.type !== "kubernetes.io/dockerconfigjson" || !found) {
        return fail("wrong-type", {
          ...at,
          path: "type",
          expected: "kubernetes.io/dockerconfigjson",
          actual: `${secret.type ?? "Opaque"}, keys: ${listed(Object.keys(secret.data ?? {}))}`,
        });
      }
      const login = found.get(lab.registry);
      const registered: Evidence = {
        ...at,
        path: "registries it has a login for",
        expected: lab.registry,
        actual: listed([...found.keys()]),
      };
      if (!login) return fail("other-registry", registered);
      if (login.user !== lab.registryUser || login.password !== lab.registryPassword) {
        return fail("other-login", {
          ...at,
          path: "user, length of the password",
          expected: `${lab.registryUser}, ${lab.registryPassword.length}`,
          actual: `${login.user}, ${login.password.length}`,
        });
      }
      const { ready, moving, trouble } = await fleet(cluster, lab.backend);
      if (moving) return waiting(moving);
      if (trouble || ready.length === 0)
        return fail("no-pods", trouble ?? notFound(`a ready pod of ${lab.backend}`, "kubectl get pods"));
      const without = ready.filter(
        ({ spec }) => !spec?.imagePullSecrets?.some(({ name }) => name === lab.registrySecret),
      );
      const used: Evidence = {
        object: `pod/${nameOf(without[0] ?? ready[0] ?? {})}`,
        path: "spec.imagePullSecrets",
        expected: lab.registrySecret,
        actual: listed((without[0] ?? ready[0])?.spec?.imagePullSecrets?.map(({ name }) => name ?? "") ?? []),
        command: `kubectl get pods -l app=${lab.backend} -o jsonpath='{.items[*].spec.imagePullSecrets}'`,
      };
      return without.length > 0 ? fail("not-used", used) : pass([registered, used]);
    },
  });
