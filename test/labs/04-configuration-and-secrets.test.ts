import { describe, expect, test } from "vitest";
import { disguised } from "../../labs/04-configuration-and-secrets/checks/api-key.ts";
import { foundIn } from "../../labs/04-configuration-and-secrets/checks/kept-secret.ts";
import { originOf, variables } from "../../labs/04-configuration-and-secrets/checks/reading.ts";
import { logins } from "../../labs/04-configuration-and-secrets/checks/registry.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("variables", () => {
  test("values may have anything in them, lines too", () => {
    expect(variables("A=1\0B=two=2\0C=one\nmore\0EMPTY=\0", "\0")).toEqual(
      new Map([
        ["A", "1"],
        ["B", "two=2"],
        ["C", "one\nmore"],
        ["EMPTY", ""],
      ]),
    );
  });
  test("what nginx leaves of its environment is none", () => {
    expect(variables("nginx: master process nginx -g daemon off;\0\0\0", "\0")).toBeUndefined();
  });
});

describe("foundIn", () => {
  const secrets = new Map([["KEY", "mlops-secret-key-2026"]]);
  test.each([
    ["plain", "starting with mlops-secret-key-2026"],
    ["base64", `{"data": "${base64("mlops-secret-key-2026")}"}`],
    ["base64 with echo's line break", base64("mlops-secret-key-2026\n")],
  ])("%s", (_how, text) => expect(foundIn(text, secrets)).toEqual(["KEY"]));
  test("its name alone is no secret", () => expect(foundIn("secretKeyRef: KEY", secrets)).toEqual([]));
});

describe("logins", () => {
  test("user and password, or both in auth, by the registry's host", () => {
    const text = JSON.stringify({
      auths: {
        "workbook.local": { username: "u", password: "p" },
        "https://other.example/v1/": { auth: base64("u2:p:2") },
      },
    });
    expect(logins(text)).toEqual(
      new Map([
        ["workbook.local", { user: "u", password: "p" }],
        ["other.example", { user: "u2", password: "p:2" }],
      ]),
    );
  });
  test.each(["", "{}", "[]", "not JSON", "null"])("%j is none", (text) => expect(logins(text)).toBeUndefined());
});

test("of two entries for one variable the last counts", () => {
  const env = [
    { name: "A", valueFrom: { secretKeyRef: { name: "s", key: "A" } } },
    { name: "A", value: "typed" },
  ];
  expect(originOf({ name: "c", env }, "A")).toBe("value");
  expect(originOf({ name: "c", env: env.slice(0, 1) }, "A")).toBe("secret");
  expect(originOf({ name: "c" }, "A")).toBe("other");
});

test("a secret's evidence tells its length and a line break at its end, and not what it is", () => {
  expect(disguised("mlops-secret-key-2026\n")).toBe("22 characters, the last one a line break");
  expect(disguised(undefined)).toBe("not set");
});
