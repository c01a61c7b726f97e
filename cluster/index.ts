/** Providers of clusters: everything the rest of the workbook may use of this folder. */
export { type EnsureOptions, ensureCluster } from "./ensure.ts";
export { clusterName, type Paths, paths } from "./paths.ts";
export * from "./types.ts";
