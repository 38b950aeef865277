// Tests how the page finds the clear area: the part of the screen that no panel and no other element covers.
import { expect, test } from "@jest/globals";
import { type Area, clearArea } from "../../web/clear-area.ts";

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const NARROW = { width: 320, height: 640 };
const TITLE: Area = { left: 14, top: 12, width: 170, height: 55 };
const PAD: Area = { left: 216, top: 666, width: 148, height: 148 };

test("the clear area is the whole screen if no element covers the screen", () => {
  expect(clearArea(DESKTOP, [])).toEqual({ left: 0, top: 0, ...DESKTOP });
  expect(clearArea(DESKTOP, [{ left: 0, top: 0, width: 0, height: 0 }])).toEqual({ left: 0, top: 0, ...DESKTOP });
});

test("the title and the column of panels below it reduce the clear area by only one strip on the left", () => {
  const column = [74, 122].map((top) => ({ left: 14, top, width: 232, height: 300 }));
  const cards = [{ left: 1034, top: 12, width: 232, height: 260 }];
  expect(clearArea(DESKTOP, [TITLE, ...column, ...cards])).toEqual({ left: 246, top: 0, width: 788, height: 800 });
});

test("on a phone, the clear area ends below the title and above the touch pad", () => {
  expect(clearArea(PHONE, [TITLE, PAD])).toEqual({ left: 0, top: 67, width: 390, height: 599 });
});

test("the clear area is beside the touch pad if an open panel leaves too little height above the touch pad", () => {
  const panel = { left: 14, top: 66, width: 292, height: 330 };
  const pad = { left: 146, top: 462, width: 148, height: 148 };
  expect(clearArea(NARROW, [pad, panel])).toEqual({ left: 0, top: 396, width: 146, height: 244 });
});

test("an element that would leave less than the minimum size does not reduce the clear area", () => {
  const everything = { left: 4, top: 4, width: 312, height: 632 };
  expect(clearArea(NARROW, [everything])).toEqual({ left: 0, top: 0, ...NARROW });
});
