import { assert, assertEquals } from "@std/assert";
import { crc32, deflateSync, inflateSync } from "node:zlib";
import { smallPng } from "../../scripts/ui_pictures/small_png.ts";

const SIGNATURE = new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]);

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = new Uint8Array([...new TextEncoder().encode(type), ...data]);
  const number = (value: number) => [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255];
  return new Uint8Array([...number(data.length), ...body, ...number(crc32(body))]);
}

function picture(width: number, height: number, lines: readonly number[]): Uint8Array {
  const header = new Uint8Array([0, 0, 0, width, 0, 0, 0, height, 8, 2, 0, 0, 0]);
  const data = new Uint8Array(deflateSync(new Uint8Array(lines)));
  const chunks = [chunk("IHDR", header), chunk("IDAT", data), chunk("IEND", new Uint8Array())];
  return new Uint8Array([SIGNATURE, ...chunks].flatMap((part) => [...part]));
}

/** The colours of the pixels, line by line. */
function coloursOf(png: Uint8Array, width: number): number[][] {
  const parts = new Map<string, Uint8Array>();
  for (let at = SIGNATURE.length; at < png.length;) {
    const length = new DataView(png.buffer).getUint32(at);
    const [body, sum] = [png.subarray(at + 4, at + 8 + length), new DataView(png.buffer).getUint32(at + 8 + length)];
    assertEquals(sum, crc32(body));
    parts.set(new TextDecoder().decode(body.subarray(0, 4)), body.subarray(4));
    at += length + 12;
  }
  const [lines, palette] = [new Uint8Array(inflateSync(parts.get("IDAT")!)), parts.get("PLTE")!];
  const pixels = [...lines].filter((_, at) => at % (width + 1) !== 0);
  return pixels.map((index) => [...palette.subarray(index * 3, index * 3 + 3)]);
}

Deno.test("a picture of few colours keeps each pixel, with any filters of its lines", () => {
  const [red, blue] = [[250, 10, 10], [10, 10, 250]] as const;
  // Each line has the same two pixels: unchanged, as differences to the left, above, to the mean, and to the guess.
  const lines = [
    [0, ...red, ...blue],
    [1, ...red, 16, 0, 240],
    [2, 0, 0, 0, 0, 0, 0],
    [3, 125, 5, 5, 136, 0, 120],
    [4, 0, 0, 0, 0, 0, 0],
  ];
  const small = smallPng(picture(2, lines.length, lines.flat()));
  assertEquals(coloursOf(small, 2), lines.flatMap(() => [[...red], [...blue]]));
});

Deno.test("of many colours the rare ones become the nearest that is kept", () => {
  const grey = Array.from({ length: 256 }, (_, level) => [level, level, level]);
  const wide = [...grey, ...grey];
  const line = [0, ...wide.flat(), 100, 101, 100];
  const width = wide.length + 1;
  const header = picture(0, 1, line);
  // The width takes two bytes here.
  new DataView(header.buffer).setUint32(16, width);
  const colours = coloursOf(smallPng(header), width);
  assertEquals(colours.slice(0, -1), wide);
  assert(colours.at(-1)!.every((level) => level === 100));
});
