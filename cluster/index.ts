/** Providers of clusters: everything the rest of the workbook may use of this folder. */
export { type BundleOptions, exportBundle, importBundle } from "./bundle.ts";
export { doctor, type Finding } from "./doctor.ts";
export { type DownOptions, downCluster } from "./down.ts";
export { startEngine, stopEngine } from "./engine.ts";
export { type EnsureOptions, ensureCluster } from "./ensure.ts";
export { findCluster } from "./find.ts";
export { loadImages } from "./images.ts";
export { clusterName, type Paths, paths } from "./paths.ts";
export * from "./types.ts";
