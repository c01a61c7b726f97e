import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "../engine.ts";
import { run } from "../run.ts";
import type { Step } from "../steps.ts";
import { arch, versions } from "../versions.ts";
import { binary, build, type Go } from "./go.ts";
import { buildPause, componentImage, imageFile, proxyRootfs } from "./images.ts";
import { components, kubernetes } from "./kubernetes.ts";
import { buildNodeImage, nodeImageRef, nodeRootfs } from "./node-image.ts";
import { coredns, etcd, kind } from "./programs.ts";
import { buildRootfs, type Debian, debianMirror, rootfsFile } from "./rootfs.ts";

const second = 1000;
/** Cold builds on two cores: the first of Kubernetes's programs compiles most of what the others share. */
const estimates: Record<string, number> = {
  kubectl: 150,
  kubelet: 210,
  kubeadm: 60,
  "kube-apiserver": 200,
  "kube-controller-manager": 90,
  "kube-scheduler": 30,
  "kube-proxy": 30,
};

export interface Recipe {
  steps: Step[];
  /** Reference the node image will have. */
  nodeImage: string;
  kind: string;
  kubectl: string;
}

export interface RecipeOptions {
  cache: string;
  log: string;
  /** Go command, once it is known. */
  goCommand: () => string;
  engine: () => Engine;
  /** Whether the node image is in the engine. */
  imageThere: (ref: string) => Promise<boolean>;
}

/** The steps that make a node image, kind and kubectl from package registries alone. */
export function recipe(options: RecipeOptions): Recipe {
  const folder = join(options.cache, "source", arch());
  mkdirSync(folder, { recursive: true });
  const go = (signal?: AbortSignal): Go => ({ command: options.goCommand(), folder, log: options.log, signal });
  const debian: Debian = { folder, log: options.log, mirror: debianMirror() };
  const somewhere: Go = { command: "go", folder, log: options.log };
  const rootfs = rootfsFile(debian, nodeRootfs);
  const nodeImage = ownNodeImage(options.cache);
  const parts = [
    ...components
      .filter((name) => name.startsWith("kube-"))
      .map((name) => ({
        name: name as string,
        tag: versions.kubernetes as string,
        binary: binary(somewhere, kubernetes, name),
        ...(name === "kube-proxy" && { base: rootfsFile(debian, proxyRootfs) }),
      })),
    { name: "etcd", tag: versions.etcdTag, binary: binary(somewhere, etcd, "etcd") },
    { name: "coredns", tag: versions.coredns, binary: binary(somewhere, coredns, "coredns") },
    { name: "pause", tag: versions.pauseTag, binary: join(folder, `pause-${versions.pauseTag}`, "pause") },
  ];
  const image = (part: (typeof parts)[number]) => imageFile(folder, part);

  const program = (id: string, title: string, estimate: number, path: string, make: Step["run"]): Step => ({
    id,
    title,
    lane: "cpu",
    needs: ["go"],
    estimate,
    done: () => existsSync(path),
    run: make,
  });
  // A file that only goes into something that is made already isn't made again.
  let asked: Promise<boolean> | undefined;
  const nodeThere = () => {
    asked ??= options.imageThere(nodeImage);
    return asked;
  };
  const orNode = (path: string) => async () => existsSync(path) || (await nodeThere());

  const steps: Step[] = [
    program(
      "kind",
      `Build kind ${versions.kind}`,
      43 * second,
      binary(somewhere, kind, "kind"),
      async ({ signal, detail }) => {
        await build(go(signal), kind, "kind", detail);
      },
    ),
    ...components.map(
      (name): Step => ({
        ...program(
          name,
          `Build ${name} ${versions.kubernetes}`,
          (estimates[name] ?? 60) * second,
          binary(somewhere, kubernetes, name),
          async ({ signal, detail }) => {
            await build(go(signal), kubernetes, name, detail);
          },
        ),
        ...(name !== "kubectl" && { done: orNode(binary(somewhere, kubernetes, name)) }),
      }),
    ),
    {
      ...program("etcd", `Build etcd ${versions.etcd}`, 40 * second, "", async ({ signal, detail }) => {
        await build(go(signal), etcd, "etcd", detail);
      }),
      done: orNode(binary(somewhere, etcd, "etcd")),
    },
    {
      ...program("coredns", `Build CoreDNS ${versions.coredns}`, 150 * second, "", async ({ signal, detail }) => {
        await build(go(signal), coredns, "coredns", detail);
      }),
      done: orNode(binary(somewhere, coredns, "coredns")),
    },
    {
      ...program("pause", "Build the pause process", 2 * second, "", async ({ signal }) => {
        await buildPause(go(signal));
      }),
      done: orNode(parts.at(-1)!.binary),
    },
    {
      id: "rootfs",
      title: `Make the node's file system from Debian ${versions.debian} packages`,
      lane: "io",
      needs: ["packages"],
      estimate: 60 * second,
      done: orNode(rootfs),
      run: async ({ signal, detail }) => {
        await buildRootfs(debian, nodeRootfs, signal, detail);
      },
    },
    {
      id: "component-images",
      title: "Pack the control plane's images",
      lane: "io",
      needs: [...components.filter((name) => name.startsWith("kube-")), "etcd", "coredns", "pause", "rootfs"],
      estimate: 25 * second,
      done: async () => parts.every((part) => existsSync(image(part))) || (await nodeThere()),
      run: async ({ signal, detail }) => {
        await buildRootfs(debian, proxyRootfs, signal, detail);
        for (const part of parts) {
          detail(part.name);
          await componentImage(folder, part, signal);
        }
      },
    },
    {
      id: "node-image",
      title: `Make the node image ${nodeImage}`,
      lane: "io",
      // Each by itself: what is packed already may be there when the file system has to be made anew.
      needs: ["component-images", "rootfs", "engine", "kubelet", "kubeadm", "kubectl", "kind"],
      estimate: 60 * second,
      done: nodeThere,
      run: async ({ signal, detail }) => {
        const at = (name: string) => binary(somewhere, kubernetes, name);
        await buildNodeImage(
          options.engine(),
          go(signal),
          {
            ref: nodeImage,
            rootfs,
            kubernetes: { kubelet: at("kubelet"), kubeadm: at("kubeadm"), kubectl: at("kubectl") },
            images: parts.map(image),
          },
          folder,
          signal,
          detail,
        );
      },
    },
  ];
  return { steps, nodeImage, kind: binary(somewhere, kind, "kind"), kubectl: binary(somewhere, kubernetes, "kubectl") };
}

/** Reference of the node image built here, whether it exists or not. */
export function ownNodeImage(cache: string): string {
  const debian: Debian = { folder: join(cache, "source", arch()), log: "", mirror: undefined };
  return nodeImageRef([nodeRootfs, proxyRootfs].map((rootfs) => rootfsFile(debian, rootfs)));
}

/** Whether the engine has an image of this name. */
export async function imageThere(command: string, ref: string, signal?: AbortSignal): Promise<boolean> {
  return (await run(command, ["image", "inspect", ref], { allowFailure: true, timeout: 20_000, signal })).code === 0;
}
