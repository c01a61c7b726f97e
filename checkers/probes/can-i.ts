import type { Transport } from "../kube/transport.ts";

export interface Action {
  verb: string;
  group?: string;
  /** "deployments", or with a subresource "deployments/scale". */
  resource: string;
  name?: string;
  /** Default: the account's own. "" asks about cluster-scoped objects, or all namespaces. */
  namespace?: string;
}

/** Whether a ServiceAccount may do this, by the API server's own authorizer (SubjectAccessReview): all of RBAC, however it is bound. */
export async function canI(
  transport: Transport,
  account: { namespace: string; name: string },
  action: Action,
  signal: AbortSignal,
): Promise<boolean> {
  const [resource = "", subresource] = action.resource.split("/");
  const body = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SubjectAccessReview",
    spec: {
      user: `system:serviceaccount:${account.namespace}:${account.name}`,
      // The groups the API server gives every ServiceAccount: bindings to them count too.
      groups: ["system:serviceaccounts", `system:serviceaccounts:${account.namespace}`, "system:authenticated"],
      resourceAttributes: {
        verb: action.verb,
        group: action.group ?? "",
        resource,
        ...(subresource && { subresource }),
        ...(action.name && { name: action.name }),
        namespace: action.namespace ?? account.namespace,
      },
    },
  };
  const path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
  const review = await transport.json<{ status?: { allowed?: boolean } }>(path, { method: "POST", body, signal });
  return review.status?.allowed === true;
}
