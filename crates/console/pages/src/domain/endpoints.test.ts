// Endpoints as they are filled in.
import { expect, test } from "vitest";
import type { Endpoint } from "../routes/apiTypes";
import { emptyEndpoint, endpointByField, endpointDraft, endpointFlaws, endpointWish, FIELDS } from "./endpoints";

const filled = (kind: Parameters<typeof emptyEndpoint>[0], url: string) => ({ ...emptyEndpoint(kind), name: "x", url });

test.each([
  ["webhook", "https://example.org/hook", null],
  ["webhook", "http://127.0.0.1:8091/hook", null],
  ["webhook", "", /address/],
  ["webhook", "example.org", /begins with https:\/\/ or http:\/\//],
  ["webhook", "https://me:secret@example.org/", /own fields/],
  ["sqs", "https://sqs.eu-central-1.amazonaws.com/123456789012/buoys", null],
  ["sqs", "https://sqs.eu-central-1.amazonaws.com/", /no address of a queue/],
  ["amqp", "amqps://broker.example.org:5671/field", null],
  ["mqtt", "mqtt://broker.example.org:1883", null],
  ["mqtt", "https://broker.example.org", /begins with mqtt/],
] as const)("%s %s", (kind, url, why) => {
  const { url: flaw } = endpointFlaws(filled(kind, url), false);
  if (why === null) expect(flaw).toBeUndefined();
  else expect(flaw).toMatch(why);
});

test("what belongs together is asked for together", () => {
  const half = { ...filled("sqs", "https://sqs.x.amazonaws.com/1/q"), username: "AKID" };
  expect(endpointFlaws(half, false).password).toBeDefined();
  expect(endpointFlaws(half, true).password).toBeUndefined();
  expect(endpointFlaws({ ...half, password: "s" }, false).password).toBeUndefined();
  expect(endpointFlaws({ ...filled("webhook", "https://e.org"), timeout_s: "61" }, false).timeout_s).toBeDefined();
  expect(endpointFlaws(filled("amqp", "amqp://e.org"), false).exchange).toBeDefined();
  expect(endpointFlaws({ ...filled("mqtt", "mqtt://e.org"), topic: "a/#" }, false).topic).toBeDefined();
});

test("secrets go along only where they were typed", () => {
  const before = {
    name: "Field",
    enabled: true,
    username: "fairlead",
    has_password: true,
    config: { kind: "amqp", url: "amqp://e.org", exchange: "x", routing_key: "k", mandatory: true },
  } as Endpoint;
  const draft = endpointDraft(before);
  expect(endpointWish(draft, before)).toEqual({ name: "Field", enabled: true, config: before.config });
  expect(endpointWish({ ...draft, password: "new" }, before).secrets).toEqual({
    username: "fairlead",
    password: "new",
  });
  expect(endpointWish({ ...draft, username: "other" }, before).secrets).toEqual({ username: "other" });
  expect(endpointWish({ ...draft, username: "" }, before).secrets).toEqual({ username: "", password: "" });
});

test("the server's sentences stand at the fields of the kind", () => {
  const address = "A broker's address is one as `mqtts://host:8883`; user and password are secrets.";
  const { at, rest } = endpointByField([address, "A topic has 1 to 200 bytes.", "The moon is full."], FIELDS.mqtt);
  expect(at).toEqual({ url: address, topic: "A topic has 1 to 200 bytes." });
  expect(rest).toEqual(["The moon is full."]);
});
