/** Values of a panel as a reader wants them, by the unit the dashboard gives it: Grafana's names for units. */

const figure = (value: number): string => (value === 0 ? "0" : String(Number(value.toPrecision(3))));

const bytes = (value: number, of: number, names: readonly string[]): string => {
  const power = Math.max(
    0,
    Math.min(names.length - 1, Math.floor(Math.log(Math.max(Math.abs(value), 1)) / Math.log(of))),
  );
  return `${figure(value / of ** power)} ${names[power]}`;
};

const time = (seconds: number): string =>
  seconds !== 0 && Math.abs(seconds) < 1 ? `${figure(seconds * 1000)} ms` : `${figure(seconds)} s`;

/** "350 ms", "4 %", "29.8/s", "36 MiB". A unit that is not known is left out, as it may be anything. */
export function inUnit(value: number, unit: string): string {
  switch (unit) {
    case "s":
      return time(value);
    case "ms":
      return time(value / 1000);
    case "percentunit":
      return `${figure(value * 100)} %`;
    case "percent":
      return `${figure(value)} %`;
    case "reqps":
    case "rps":
    case "ops":
    case "cps":
      return `${figure(value)}/s`;
    case "reqpm":
    case "opm":
    case "cpm":
      return `${figure(value)}/min`;
    case "bytes":
      return bytes(value, 1024, ["B", "KiB", "MiB", "GiB"]);
    case "decbytes":
      return bytes(value, 1000, ["B", "kB", "MB", "GB"]);
    default:
      return figure(value);
  }
}

/** What a panel's scale reaches up to at least, so that a line at zero is no line at the top. */
export const leastOf = (unit: string): number =>
  ({ s: 0.01, ms: 10, percentunit: 0.01, percent: 1, bytes: 2 ** 20, decbytes: 1e6 })[unit] ?? 0.01;
