/** Quantities as Kubernetes writes them. */
const suffixes: Readonly<Record<string, number>> = {
  "": 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The number a quantity stands for: cores, bytes or pieces; NaN where it is none. "100m" is 0.1, "1Gi" 1073741824, "1e3" 1000. */
export function amount(quantity: string | number | undefined): number {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([a-zA-Z]*)$/.exec(String(quantity ?? "").trim());
  const factor = match ? suffixes[match[2] ?? ""] : undefined;
  // Rounded to a billionth, the finest that Kubernetes keeps: 0.1 + 0.2 should be 0.3 here.
  return match && factor !== undefined ? Math.round(Number(match[1]) * factor * 1e9) / 1e9 : Number.NaN;
}

/** Whether two quantities are the same amount, however they are written: "0.1" and "100m". */
export const same = (one: string | number | undefined, other: string | number | undefined): boolean =>
  amount(one) === amount(other);
