import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { addonNames as labNames } from "../../checkers/core/lab.ts";
import { type Addon, addonLabel, namespaceOf } from "../../cluster/addons/addon.ts";
import { gateway } from "../../cluster/addons/gateway.ts";
import { addonNames } from "../../cluster/addons/index.ts";
import { readLedger } from "../../cluster/addons/ledger.ts";
import { metricsServer } from "../../cluster/addons/metrics-server.ts";
import { prometheus } from "../../cluster/addons/prometheus.ts";
import { addonImages, imageKey, imageSteps, imagesOf, labImages } from "../../cluster/images.ts";
import { paths } from "../../cluster/paths.ts";

const addons: Addon[] = [metricsServer, prometheus, gateway];

it("has the add-ons that labs may ask for", () => {
  expect([...addonNames].sort()).toEqual([...labNames].sort());
  expect(addons.map(({ name }) => name).sort()).toEqual([...labNames].sort());
});

describe.each(addons.map((addon) => [addon.name, addon] as const))("%s", (name, addon) => {
  const objects = addon.objects("image:1") as {
    kind?: string;
    metadata?: { namespace?: string; labels?: Record<string, string> };
  }[];

  it("labels everything it is made of, and lies in a namespace of its own", () => {
    for (const { kind, metadata } of objects) expect(metadata?.labels?.[addonLabel], kind).toBe(name);
    const elsewhere = objects.filter(
      ({ metadata }) => metadata?.namespace !== undefined && metadata.namespace !== namespaceOf(name),
    );
    expect(elsewhere.map(({ kind }) => kind?.toLowerCase())).toEqual(
      elsewhere.map(({ kind }) => addon.scattered.find((one) => one === kind?.toLowerCase())),
    );
  });
  it("names every kind outside its namespace for its removal", () => {
    const outside = objects.filter(({ kind, metadata }) => metadata?.namespace === undefined && kind !== "Namespace");
    for (const { kind } of outside) expect(addon.scattered).toContain(kind?.toLowerCase());
  });
  it("runs confined, within bounds", () => {
    const deployment = objects.find(({ kind }) => kind === "Deployment") as unknown as {
      spec: {
        template: {
          spec: {
            securityContext: object;
            containers: { securityContext: object; resources: { requests: object; limits: object } }[];
          };
        };
      };
    };
    const { securityContext, containers } = deployment.spec.template.spec;
    expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
    for (const container of containers) {
      expect(container.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
      });
      expect(container.resources).toMatchObject({
        requests: { cpu: expect.any(String) },
        limits: { memory: expect.any(String) },
      });
    }
  });
  it("has an image the workbook makes, with a Go program in it", () => {
    const [image] = imagesOf([addon.image]);
    expect(addonImages).toContain(image);
    expect(image?.programs).toHaveLength(1);
  });
});

describe("the ledger", () => {
  it("reads installed add-ons and their users", () => {
    const ledger = readLedger({
      metadata: { resourceVersion: "7" },
      data: {
        prometheus: "abc",
        "prometheus.lab-12": "2030-01-01T00:00:00.000Z",
        "metrics-server.lab-08.x": "nonsense",
      },
    });
    expect(ledger.version).toBe("7");
    expect([...ledger.installed]).toEqual([["prometheus", "abc"]]);
    expect([...(ledger.users.get("prometheus") ?? [])]).toEqual([["lab-12", Date.parse("2030-01-01")]]);
    // What cannot be read has ended: nothing holds an add-on for ever.
    expect([...(ledger.users.get("metrics-server") ?? [])]).toEqual([["lab-08.x", 0]]);
  });
  it("is empty before the first add-on", () => {
    expect(readLedger(undefined).installed.size).toBe(0);
  });
});

describe("images with programs", () => {
  const options = {
    at: paths(),
    engine: { command: "docker" as const },
    online: false,
    log: "",
    needs: ["packages"],
    goCommand: () => "go",
  };
  it("need the Go compiler, and a base only where they have one", () => {
    const steps = imageSteps(["workbook.local/load:1.0", prometheus.image], options);
    expect(steps.map(({ id, needs }) => [id, needs])).toEqual([
      ["program-k6", ["go"]],
      ["image-load", ["packages", "program-k6"]],
      ["program-prometheus", ["go"]],
      ["image-prometheus", ["program-prometheus"]],
    ]);
  });
  it("wait for the image whose base they share", () => {
    const steps = imageSteps(["workbook.local/toolbox:1.0", "workbook.local/load:1.0"], options);
    expect(steps.find(({ id }) => id === "image-load")?.needs).toContain("image-toolbox");
  });
  it("have keys of their own", () => {
    const keys = [...labImages, ...addonImages].map(imageKey);
    expect(new Set(keys).size).toBe(keys.length);
  });
  it("have their sources in the repository", () => {
    for (const source of labImages.flatMap((image) => image.sources ?? []))
      expect(existsSync(source), source).toBe(true);
  });
});
