import { Transport } from "./transport.ts";

/** Asks the API server whether it is ready. Resolves to what is wrong, in a sentence, or to undefined. Never rejects. */
export async function answers(kubeconfig: string): Promise<string | undefined> {
  let transport: Transport | undefined;
  try {
    transport = await Transport.open({ kubeconfig });
    const { status } = await transport.raw("/readyz", { timeout: 4_000 });
    return status === 200 ? undefined : `The API server is not ready yet (HTTP ${status}).`;
  } catch (error) {
    return (error as Error).message;
  } finally {
    transport?.close();
  }
}
