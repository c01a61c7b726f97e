/** W3C Trace Context: taken from the caller, handed to the dependency. https://www.w3.org/TR/trace-context/ */
import { randomBytes } from "node:crypto";

export interface Trace {
  traceId: string;
  /** This service's own span. */
  spanId: string;
  /** The caller's span, if it sent one. */
  parentId: string | undefined;
  flags: string;
  state: string | undefined;
}

/** Continues the caller's trace, or starts one where the header is missing or malformed (as the standard asks). */
export function continueTrace(header: string | undefined, state: string | undefined): Trace {
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(header?.trim() ?? "");
  const spanId = randomBytes(8).toString("hex");
  const [, version, traceId, parentId, flags, more] = match ?? [];
  const valid =
    match !== null &&
    version !== "ff" &&
    !(version === "00" && more !== undefined) &&
    !/^0+$/.test(traceId!) &&
    !/^0+$/.test(parentId!);
  if (!valid) {
    return { traceId: randomBytes(16).toString("hex"), spanId, parentId: undefined, flags: "01", state: undefined };
  }
  return { traceId: traceId!, spanId, parentId, flags: flags!, state };
}

/** The headers that carry the trace on, with this service's span as the parent. */
export function traceHeaders(trace: Trace): Record<string, string> {
  const headers: Record<string, string> = { traceparent: `00-${trace.traceId}-${trace.spanId}-${trace.flags}` };
  if (trace.state) headers.tracestate = trace.state;
  return headers;
}
