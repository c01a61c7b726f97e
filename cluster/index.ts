/** Providers of clusters: everything the rest of the workbook may use of this folder. */
export {
  type AddonPlace,
  addonPlace,
  ensureAddons,
  keepAddons,
  sweepAddons,
} from "./addons/index.ts";
export { exportBundle, importBundle } from "./bundle.ts";
export { clusterFinding, doctor } from "./doctor.ts";
export { downCluster } from "./down.ts";
export { type EnsureOptions, ensureCluster } from "./ensure.ts";
export { findCluster } from "./find.ts";
export { clusterName, type Paths, paths } from "./paths.ts";
export * from "./types.ts";
