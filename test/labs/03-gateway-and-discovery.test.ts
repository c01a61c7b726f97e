import { describe, expect, test } from "vitest";
import { addressIn } from "../../labs/03-gateway-and-discovery/checks/address.ts";
import { dumped, promised } from "../../labs/03-gateway-and-discovery/checks/config-source.ts";
import { longestRun } from "../../labs/03-gateway-and-discovery/checks/experiments.ts";
import { isPrediction } from "../../labs/03-gateway-and-discovery/checks/routes.ts";

describe("dumped", () => {
  test("takes nginx -T apart into its files", () => {
    const output =
      "# configuration file /etc/nginx/nginx.conf:\nhttp {\n  # a comment: with a colon\n}\n\n# configuration file /etc/nginx/mime.types:\ntypes {}\n";
    expect(dumped(output)).toEqual([
      { path: "/etc/nginx/nginx.conf", text: "http {\n  # a comment: with a colon\n}" },
      { path: "/etc/nginx/mime.types", text: "types {}" },
    ]);
  });
  test("nothing gives nothing", () => expect(dumped("")).toEqual([]));
});

describe("promised", () => {
  test.each([
    ["location /status {\n return 200 'one\\ntwo\\n';\n }", "one\ntwo\n"],
    ['location = /status { default_type text/plain; return 200 "v1"; }', "v1"],
    ["location ^~ /status { return 200 'v1'; }", "v1"],
    ["location /status { proxy_pass http://x; }\nlocation /health { return 200 'no'; }", undefined],
    ["location /statuses { return 200 'no'; }", undefined],
  ])("%s", (config, text) => expect(promised(config, "/status")).toBe(text));
});

test.each([
  ["10.96.0.7", "10.96.0.7"],
  ["Address: 10.96.0.7", "10.96.0.7"],
  ["10.96.0.7:5000", "10.96.0.7"],
  ["ml-inference", ""],
  [undefined, ""],
])("the address in %s", (typed, address) => expect(addressIn(typed)).toBe(address));

test.each([
  ['{"predictions": [2.5, 3, 4.5]}', true],
  ['{"predictions":[2.5,3.0,4.5],"pod":"x"}', true],
  ['{"predictions":["2.5","3.0","4.5"]}', false],
  ["Gateway OK", false],
  [undefined, false],
])("%s is a prediction: %s", (body, is) => expect(isPrediction(body, "[2.5, 3.0, 4.5]")).toBe(is));

test.each([
  [[], 0],
  [["a"], 1],
  [["a", "b", "a"], 1],
  [["a", "b", "b", "b", "a", "a"], 3],
])("the longest run of %j is %i", (entries, run) => expect(longestRun(entries)).toBe(run));
