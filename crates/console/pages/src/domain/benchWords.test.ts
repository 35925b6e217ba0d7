// The words for what devices say and are told.
import { expect, test } from "vitest";
import { lineWords, remarkWords, valueName, valueWords } from "./benchWords";
import type { LogLine } from "./line";

const up = (text: string) => lineWords({ n: 1, at: 0, way: "up", text, who: null });
const down = (text: string, who: string | null = null) => lineWords({ n: 1, at: 0, way: "down", text, who } as LogLine);

test("remarks are sentences, and those of the firmware's own stand as they were said", () => {
  expect(remarkWords("info", "LoRa not running")).toBe("LoRa is stopped, so nothing was sent.");
  expect(remarkWords("info", "Network boat Not Found")).toBe("It found no network “boat”.");
  expect(remarkWords("error", "bogus not a valid app")).toBe("It knows no app bogus.");
  expect(remarkWords("info", "Switching to app handset")).toBe("It starts as Handset (handset) at its next reset.");
  expect(remarkWords("error", "[Errno 12] ENOMEM")).toBe("Error: [Errno 12] ENOMEM");
  expect(remarkWords("info", "Hello")).toBe("Hello");
});

test("the log in words says what happened, and leaves values to their places", () => {
  expect(up('{"info":"Done"}')).toBe("Done.");
  expect(up('{"batt/main_v":4.1}')).toBeNull();
  expect(up('{"wifi/test/result":"Fail"}')).toBe("Test of the network: Fail");
  expect(up('{"wifi/stored/ssid":"Bob"s"}')).toBe('Stored network: Bob"s');
  expect(up("garbage")).toBe("Not readable: garbage");
});

test("orders are told as what they tell, also those of other pages", () => {
  expect(down('["GET","wifi",[]]')).toBe("Asked for its Wi-Fi.");
  expect(down('["CMD","start_rb",[]]')).toBe("Told to start RockBLOCK.");
  expect(down('["CMD","store_new_sta",["boat","•••"]]', "anna")).toBe("Told to save the network “boat”.");
  expect(down('["CMD","switch_app",["updatepy"]]')).toBe("Told to switch to Firmware update (updatepy).");
  expect(down('["CMD","dance",[]]')).toBe('["CMD","dance",[]]');
  expect(down("hello")).toBe("hello");
});

test("values have names and words", () => {
  expect(valueName("rb/csq")).toBe("Signal, 0 to 5");
  expect(valueName("gps/signal/sats_in_view")).toBe("signal sats in view");
  expect(valueName("tide")).toBe("tide");
  expect([valueWords(true), valueWords(null), valueWords(4)]).toEqual(["Yes", "None", "4"]);
});
