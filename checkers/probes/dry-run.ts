import type { DryRun } from "../core/check.ts";
import { LookError } from "../core/errors.ts";
import type { Kind } from "../core/port.ts";
import { Unreachable } from "../kube/errors.ts";
import { pathOf } from "../kube/objects.ts";
import { type RawResponse, Transport } from "../kube/transport.ts";
import { kindOf, type Manifest } from "./resource.ts";

interface Status {
  kind?: string;
  reason?: string;
  message?: string;
}

/** Keeps nothing, and refuses unknown fields as kubectl has it. */
const asked = "dryRun=All&fieldValidation=Strict&fieldManager=workbook";

/**
 * Sends an object with dryRun=All: the API server does everything but keep it: authorization, validation, defaults, quota, limits, pod
 * security, admission. An object of a name that is there already is applied to it, which takes the right to patch it. What this cannot
 * show is what a controller does later: a Deployment is accepted although its pods will be refused; ask with the pod.
 * `as`: a ServiceAccount of the namespace asks, with a token of its own (TokenRequest, ten minutes, kept nowhere), so that what is tried
 * is what its pods could do; an account that is not there is refused as NotFound. Throws LookError when it could not ask.
 */
export async function dryRun<T>(
  transport: Transport,
  namespace: string,
  object: Readonly<Record<string, unknown>>,
  options: { as?: string },
  signal: AbortSignal,
): Promise<DryRun<T>> {
  // Which kind it is, is looked up with the checkers' own credential: what the account may read there is not the question.
  const kind = await kindOf(transport, object as Manifest, signal);
  // Looked for first: sent as new, an object that is there would be refused by a full quota before anyone notices that it is.
  const { name } = (object as Manifest).metadata ?? {};
  const there = name !== undefined && (await transport.raw(pathOf(kind, namespace, name), { signal })).status === 200;
  if (options.as === undefined) return ask<T>(transport, kind, namespace, object, there, signal);
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/serviceaccounts/${encodeURIComponent(options.as)}/token`;
  const given = await transport.raw(path, { method: "POST", body: { spec: { expirationSeconds: 600 } }, signal });
  if (given.status === 404) return outcome<T>(given);
  if (given.status >= 400)
    throw new LookError(
      `There is no token for serviceaccount/${options.as}: ${statusOf(given).message ?? given.status}.`,
    );
  const account = asAccount(transport, (JSON.parse(given.body) as { status: { token: string } }).status.token);
  try {
    return await ask<T>(account, kind, namespace, object, there, signal);
  } finally {
    account.close();
  }
}

/** A connection to the same server with nothing but this token. */
const asAccount = (transport: Transport, token: string): Transport =>
  new Transport({
    ...transport.connection,
    headers: async () => ({ authorization: `Bearer ${token}` }),
    tls: async () => {
      const { cert: _cert, key: _key, ...rest } = await transport.connection.tls();
      return rest;
    },
  });

async function ask<T>(
  asker: Transport,
  kind: Kind,
  namespace: string,
  object: Readonly<Record<string, unknown>>,
  there: boolean,
  signal: AbortSignal,
): Promise<DryRun<T>> {
  const { metadata } = object as Manifest;
  const body = { ...object, metadata: { ...metadata, ...(kind.namespaced && { namespace }) } };
  if (!there)
    return outcome<T>(await asker.raw(`${pathOf(kind, namespace)}?${asked}`, { method: "POST", body, signal }));
  const path = `${pathOf(kind, namespace, metadata?.name)}?${asked}&force=true`;
  return outcome<T>(
    await asker.raw(path, { method: "PATCH", body, contentType: "application/apply-patch+yaml", signal }),
  );
}

function statusOf({ body }: RawResponse): Status {
  try {
    const status = JSON.parse(body) as Status;
    return status.kind === "Status" ? status : {};
  } catch {
    return {};
  }
}

function outcome<T>(answer: RawResponse): DryRun<T> {
  if (answer.status < 400) {
    return { accepted: true, object: JSON.parse(answer.body) as T, warnings: warningsOf(answer.headers.warning) };
  }
  const { reason = "", message = answer.body.trim().slice(0, 400) } = statusOf(answer);
  if (answer.status === 429 || answer.status >= 500)
    throw new Unreachable(`The API server could not decide this now: ${message || `HTTP ${answer.status}`}.`);
  return { accepted: false, status: answer.status, reason, message };
}

/** The texts of a Warning header: 299 - "would violate PodSecurity …". */
const warningsOf = (header: string | undefined): string[] =>
  [...(header ?? "").matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) =>
    text.replaceAll(/\\(.)/g, "$1"),
  );
