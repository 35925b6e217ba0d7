// Texts as devices send them, and what is made of them.
import { expect, test } from "vitest";
import {
  type Bench,
  driver,
  figure,
  flag,
  heard,
  joined,
  LORA_MOST,
  leavesTheLine,
  masked,
  meaning,
  NOTHING,
  networkFault,
  ORDERS,
  others,
  PATHS_KEPT,
  REMARKS_KEPT,
  read,
  remembered,
  restarted,
  testResult,
  under,
} from "./bench";

const STATE =
  '{"iam":"PK001","dev":"buoy","batt/main_v":4.03,"rb/enabled":false,"rb/running":false,"gps/enabled":1,' +
  '"gps/running":1,"lora/enabled":false,"lora/running":false}';

const say = (...texts: string[]): Bench => texts.reduce((bench, text, i) => heard(bench, text, i + 1), NOTHING);
const value = (bench: Bench, path: string) => bench.told.get(path)?.value;

test("the state says who it is, its voltage, and how the drivers stand", () => {
  const bench = say(STATE);
  expect(value(bench, "iam")).toBe("PK001");
  expect(figure(value(bench, "batt/main_v"))).toBe(4.03);
  expect(driver(bench, "gps")).toEqual({ enabled: true, running: true });
  expect(driver(bench, "rb")).toEqual({ enabled: false, running: false });
  expect(driver(NOTHING, "lora")).toEqual({ enabled: null, running: null });
});

test("the networking is asked for in one go, from the first word to Done", () => {
  const lines = [
    '{"wifi/stored/ssid":"workshop"}',
    '{"wifi/ap/active":"True"}',
    '{"wifi/ap/ssid":"Paikea-buoy-PK001"}',
    '{"wifi/net/active":"True"}',
    '{"wifi/net/mac":"a0:b1:c2:d3:e4:f5"}',
    '{"wifi/net/ap":"workshop"}',
    '{"wifi/net/connected":"True"}',
    '{"wifi/net/ip":"192.168.1.17"}',
    '{"wifi/net/gw":"192.168.1.1"}',
    '{"wifi/net/dns":"None"}',
  ];
  const asking = say('{"info":"Querying networking..."}', ...lines);
  expect(asking.task).toEqual({ name: "wifi", since: 1 });
  const bench = heard(heard(asking, '{"info":"Done"}', 20), STATE, 21);
  expect(bench.task).toBeNull();
  expect(bench.done).toEqual({ wifi: 20 });
  expect(value(bench, "wifi/ap/active")).toBe(true);
  expect(value(bench, "wifi/net/dns")).toBeNull();
  expect(bench.remarks.map(({ text }) => text)).toEqual(["Querying networking...", "Done"]);
});

test("the hardware is done with its word, or with its count of errors", () => {
  const busy = say('{"info":"Initializing hardware..."}');
  expect(busy.task?.name).toBe("hal");
  expect(heard(busy, '{"info":"Done"}', 9).done).toEqual({ hal: 9 });
  const counted = heard(busy, '{"hardware_errors":"2"}', 9);
  expect(counted.task).toBeNull();
  expect(figure(value(counted, "hardware_errors"))).toBe(2);
});

test("a network that is not there fails its test, and the scan is over", () => {
  const busy = say('{"info":"Starting network scan"}');
  expect(busy.task?.name).toBe("scan");
  const bench = heard(heard(busy, '{"wifi/test/result":"Fail"}', 5), '{"info":"Network boat Not Found"}', 6);
  expect(bench.task).toBeNull();
  expect(testResult(bench)).toBe(false);
  expect(testResult(say('{"wifi/test/result":"Success"}'))).toBe(true);
  expect(testResult(NOTHING)).toBeNull();
});

test("a value with quotation marks is no JSON and is understood all the same", () => {
  const bench = say('{"wifi/stored/ssid":"Bob"s boat"}', '{"gps/course/deg":nan}', '{"error":"no "x" here"}');
  expect(value(bench, "wifi/stored/ssid")).toBe('Bob"s boat');
  expect(value(bench, "gps/course/deg")).toBe("nan");
  expect(bench.remarks[0]).toEqual({ kind: "error", text: 'no "x" here', at: 3 });
  expect(bench.unreadable).toBe(3);
});

test("what cannot be read is counted and changes nothing", () => {
  const odd = ["", "hello", "[1,2]", "12", '{"a":"b","c":"d"e"}', '{"a":', "null", "\u0000{}"];
  for (const text of odd) {
    expect(read(text), text).toBeNull();
    const bench = heard(say(STATE), text, 9);
    expect(bench.told).toEqual(say(STATE).told);
    expect([bench.unreadable, bench.heard]).toEqual([1, 9]);
  }
});

test("Python's words are understood, and truths that are figures", () => {
  expect(say('{"a":"True","b":"False","c":"None","d":{"e":[1]},"f":"true"}').told).toEqual(
    new Map(
      Object.entries({ a: true, b: false, c: null, d: '{"e":[1]}', f: "true" }).map(([path, value]) => [
        path,
        { value, at: 1 },
      ]),
    ),
  );
  expect([flag(1), flag("0"), flag("yes"), flag(undefined)]).toEqual([true, false, null, null]);
  expect([figure("4.10"), figure(""), figure("nan"), figure(true)]).toEqual([4.1, null, null, null]);
});

test("the firmware's remarks have meanings, and those of its own have none", () => {
  expect(meaning("Malformed Request")).toEqual({ means: "malformed" });
  expect(meaning("Bad args for app, need at least 1, no more than 2")).toEqual({ means: "app_missing" });
  expect(meaning("bogus not a valid app")).toEqual({ means: "bad_app", name: "bogus" });
  expect(meaning("Switching to app ota")).toEqual({ means: "switching", name: "ota" });
  expect(meaning("LoRa not running")).toEqual({ means: "lora_off" });
  expect(meaning("Starting network scan")).toEqual({ means: "scanning" });
  expect(meaning("Starting network scan...")).toEqual({ means: "scanning" });
  expect(meaning("memory allocation failed")).toBeNull();
});

test("a chosen app waits for the reset, and a device that comes anew has forgotten what it was at", () => {
  const chosen = say('{"info":"Initializing hardware..."}', '{"info":"Switching to app handset"}');
  expect([chosen.next, chosen.task?.name]).toEqual(["handset", "hal"]);
  expect(restarted(chosen)).toMatchObject({ next: null, task: null });
  expect([leavesTheLine("ota"), leavesTheLine("updatepy"), leavesTheLine("buoy")]).toEqual([false, false, true]);
});

test("an error in the words of an app is no step of a task", () => {
  expect(say('{"error":"Done"}').done).toEqual({});
  expect(say('{"error":"Switching to app ota"}').next).toBeNull();
});

test("a page that joins knows the newest values, and takes nothing that is over for going on", () => {
  const past = remembered(['{"info":"Initializing hardware..."}', '{"gps/location/lat":"51.2"}', STATE], 50);
  expect([past.task, past.remarks, past.heard]).toEqual([null, [], 50]);
  expect(value(past, "gps/location/lat")).toBe("51.2");
  const fresher = heard(NOTHING, '{"gps/location/lat":"51.3"}', 60);
  expect(value(joined(past, fresher), "gps/location/lat")).toBe("51.3");
  expect(value(joined(past, fresher), "iam")).toBe("PK001");
  const equal = heard(NOTHING, '{"gps/location/lat":"51.2"}', 40);
  expect(joined(past, equal).told.get("gps/location/lat")).toEqual({ value: "51.2", at: 40 });
  expect(past.told.get("gps/location/lat")).toEqual({ value: "51.2", at: 50, earlier: true });
  const older = heard(NOTHING, '{"gps/location/lat":"51.1"}', 40);
  expect(value(joined(past, older), "gps/location/lat")).toBe("51.2");
});

test("values stand in one order, however they came", () => {
  const paths = (bench: Bench, prefix: string) => under(bench, prefix).map(([path]) => path);
  const one = say('{"rb/mtmsn":1}', '{"rb/csq":4}', '{"gps/signal/fix":"3D"}', '{"gps/location/lat":"1"}');
  expect(paths(one, "rb")).toEqual(["rb/csq", "rb/mtmsn"]);
  expect(paths(one, "gps")).toEqual(["gps/location/lat", "gps/signal/fix"]);
});

test("values are told by where they belong", () => {
  const bench = say(STATE, '{"gps/location/lat":"51.2"}', '{"rb/csq":4}', '{"tide":1}');
  expect(under(bench, "gps").map(([path]) => path)).toEqual(["gps/location/lat"]);
  expect(others(bench).map(([path]) => path)).toEqual(["tide"]);
});

test("a device that talks without end fills nothing", () => {
  let bench = NOTHING;
  for (let i = 0; i < PATHS_KEPT + 50; i++) bench = heard(bench, `{"x${i}":1}`, i);
  for (let i = 0; i < REMARKS_KEPT + 5; i++) bench = heard(bench, `{"info":"${i}"}`, i);
  bench = heard(bench, `{"${"p".repeat(200)}":1,"x0":"${"v".repeat(5000)}"}`, 1);
  expect(bench.told.size).toBe(PATHS_KEPT);
  expect(bench.remarks).toHaveLength(REMARKS_KEPT);
  expect(String(value(bench, "x0")).length).toBeLessThan(2100);
});

test("orders are arrays of three, and show no password", () => {
  expect(ORDERS.wifi().text).toBe('["GET","wifi",[]]');
  expect(ORDERS.start("rb").text).toBe('["CMD","start_rb",[]]');
  expect(ORDERS.app("lora_receiver").text).toBe('["CMD","switch_app",["lora_receiver"]]');
  expect(ORDERS.lora('a"b').text).toBe('["CMD","send_lora",["a\\"b"]]');
  const store = ORDERS.storeNetwork("boat", "hunter22");
  expect(store.text).toBe('["CMD","store_new_sta",["boat","hunter22"]]');
  expect(store.shown).toBe('["CMD","store_new_sta",["boat","•••"]]');
  expect(store.secret).toBe("hunter22");
  expect(ORDERS.testNetwork("open", "").shown).toBe('["CMD","test_new_sta",["open",""]]');
  expect(LORA_MOST).toBe(100);
});

test("a password that the device repeats is not shown", () => {
  expect(masked('{"error":"[CMD, x, hunter22]"}', ["hunter22"])).toBe('{"error":"[CMD, x, •••]"}');
  expect(masked('{"a":"p\\"w-long"}', ['p"w-long'])).toBe('{"a":"•••"}');
  expect(masked("abc", ["", "abc"])).toBe("abc");
});

test("networks are checked by the rules of Wi-Fi", () => {
  expect(networkFault("boat", "hunter22")).toBeNull();
  expect(networkFault("boat", "")).toBeNull();
  expect(networkFault("", "hunter22")).toBe("empty");
  expect(networkFault("ü".repeat(17), "")).toBe("long");
  expect(networkFault("boat", "short")).toBe("short_password");
  expect(networkFault("boat", "x".repeat(65))).toBe("long_password");
  expect(networkFault("bo\nat", "hunter22")).toBe("control");
});
