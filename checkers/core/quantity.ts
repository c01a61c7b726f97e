const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** A quantity as Kubernetes writes it ("60m", "0.06", "96Mi", "1e3") in its base unit: cores, bytes, pieces. Undefined for what is none. */
export function amount(quantity: string | number | undefined): number | undefined {
  const match = /^((?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(n|u|m|k|M|G|T|Ki|Mi|Gi|Ti|)$/.exec(String(quantity ?? ""));
  return match ? Number(match[1]) * (factors[match[2] as string] as number) : undefined;
}

/** Whether two quantities are the same amount, however they are written. */
export function sameAmount(one: string | number | undefined, other: string | number | undefined): boolean {
  const [a, b] = [amount(one), amount(other)];
  return a !== undefined && b !== undefined && Math.abs(a - b) <= 1e-9 * Math.max(a, b);
}
