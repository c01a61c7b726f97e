import { Transport } from "./transport.ts";

/** Asks the API server whether it is ready. Resolves to what is wrong, in a sentence, or to undefined. Never rejects. */
export async function answers(kubeconfig: string): Promise<string | undefined> {
  let transport: Transport | undefined;
  try {
    transport = await Transport.open({ kubeconfig });
    const { status, body } = await transport.raw("/readyz", { timeout: 4_000 });
    if (status >= 400) return `The API server is not ready (${status}): ${body.split("\n")[0]}`;
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    transport?.close();
  }
}
