// A picture of a page in a third of the bytes: with at most 256 colours, each of the others drawn in the nearest of
// them. The few of a page are kept unchanged; only shades at the edges of letters are lost. (PNG, third edition.)
import { crc32, deflateSync, inflateSync } from "node:zlib";
import { joinedBytes } from "../../src/host/joined_bytes.ts";

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const MAX_COLOURS = 256;
const CHANNELS = 3;

/** Writes a picture again that Chromium wrote: 8 bits of red, green and blue each, and no interlacing. */
export function smallPng(png: Uint8Array): Uint8Array<ArrayBuffer> {
  const chunks = chunksOf(png);
  const header = chunks.find(({ type }) => type === "IHDR")!.data;
  if (header[8] !== 8 || header[9] !== 2 || header[12] !== 0) throw new Error("the picture has another form");
  const [width, height] = [0, 4].map((at) => new DataView(header.buffer, header.byteOffset).getUint32(at)) as [
    number,
    number,
  ];
  const data = joinedBytes(chunks.filter(({ type }) => type === "IDAT").map((chunk) => chunk.data));
  const pixels = pixelsOf(new Uint8Array(inflateSync(data)), width, height);
  const counts = new Map<number, number>();
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const palette = [...counts].sort(([, one], [, other]) => other - one).slice(0, MAX_COLOURS).map(([colour]) => colour);
  const indices = new Map([...counts.keys()].map((colour) => [colour, nearestOf(palette, colour)]));
  // Each line begins with the number of its filter, which is 0: none.
  const lines = new Uint8Array((width + 1) * height);
  pixels.forEach((colour, at) => lines[at + Math.floor(at / width) + 1] = indices.get(colour)!);
  return joinedBytes([
    Uint8Array.from(SIGNATURE),
    chunk("IHDR", Uint8Array.from([...header.subarray(0, 9), 3, 0, 0, 0])),
    chunk("PLTE", Uint8Array.from(palette.flatMap(channelsOf))),
    chunk("IDAT", new Uint8Array(deflateSync(lines, { level: 9 }))),
    chunk("IEND", new Uint8Array()),
  ]);
}

function chunksOf(png: Uint8Array) {
  const view = new DataView(png.buffer, png.byteOffset);
  const chunks: { readonly type: string; readonly data: Uint8Array }[] = [];
  for (let at = SIGNATURE.length; at < png.length;) {
    const length = view.getUint32(at);
    const type = new TextDecoder().decode(png.subarray(at + 4, at + 8));
    chunks.push({ type, data: png.subarray(at + 8, at + 8 + length) });
    at += length + 12;
  }
  return chunks;
}

/** Undoes the filters of the lines; each pixel is one number. */
function pixelsOf(lines: Uint8Array, width: number, height: number): Uint32Array {
  const length = width * CHANNELS;
  const bytes = new Uint8Array(length * height);
  const at = (x: number, y: number) => x < 0 || y < 0 ? 0 : bytes[y * length + x]!;
  for (let y = 0; y < height; y++) {
    const filter = lines[y * (length + 1)]!;
    for (let x = 0; x < length; x++) {
      const [left, above, corner] = [at(x - CHANNELS, y), at(x, y - 1), x < CHANNELS ? 0 : at(x - CHANNELS, y - 1)];
      const guess = [0, left, above, Math.floor((left + above) / 2), paeth(left, above, corner)][filter]!;
      bytes[y * length + x] = lines[y * (length + 1) + 1 + x]! + guess;
    }
  }
  return Uint32Array.from({ length: width * height }, (_, pixel) => {
    const [red, green, blue] = bytes.subarray(pixel * CHANNELS, (pixel + 1) * CHANNELS);
    return (red! << 16) | (green! << 8) | blue!;
  });
}

function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner;
  const [a, b, c] = [left, above, corner].map((one) => Math.abs(guess - one)) as [number, number, number];
  return a <= b && a <= c ? left : b <= c ? above : corner;
}

function channelsOf(colour: number): [number, number, number] {
  return [colour >> 16, (colour >> 8) & 255, colour & 255];
}

function nearestOf(palette: readonly number[], colour: number): number {
  const distance = (other: number) => {
    const [one, two] = [channelsOf(colour), channelsOf(other)];
    return one.reduce((sum, channel, index) => sum + (channel - two[index]!) ** 2, 0);
  };
  return palette.reduce((best, one, index) => distance(one) < distance(palette[best]!) ? index : best, 0);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = joinedBytes([new TextEncoder().encode(type), data]);
  const framed = new Uint8Array(body.length + 8);
  const view = new DataView(framed.buffer);
  view.setUint32(0, data.length);
  framed.set(body, 4);
  view.setUint32(body.length + 4, crc32(body));
  return framed;
}
