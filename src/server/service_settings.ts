// Decides how a server reads the settings of a service: it uses a few of them, each as one type, and ignores a value of
// another type.
import type { Json } from "../config/json.ts";
import { isName, isWholeNumber, type ServerValue, serverValueOf } from "./grammar.ts";

/** The fate of a setting in the server's configuration. */
export type ServerReading =
  /** Written with this value. */
  | { readonly kind: "written"; readonly value: ServerValue }
  /** Written, but the server ignores it, because it wants another type. */
  | { readonly kind: "ignored"; readonly value: ServerValue; readonly wanted: WantedType }
  /** The grammar has no such name. */
  | { readonly kind: "invalid-name" }
  /** Every service has a setting of that name. */
  | { readonly kind: "reserved" }
  /** The grammar has no such value; `wanted` is null if the server would do the same without the setting. */
  | { readonly kind: "unsupported"; readonly wanted: WantedType | null };

/** A type that the server wants. */
export type WantedType = "a text" | "a whole number of 32 bits" | "true or false";

const SWITCHES = [
  ...["collections", "wfs", "wms", "wmts", "csw", "wcs", "csv", "kml", "kmz", "shapefile", "geopackage", "flatgeobuf"],
  ...["geoarrow", "geoparquet", "pmtiles", "topojson"],
];

/** The settings that the server uses, in a service of any type. */
const WANTED: ReadonlyMap<string, WantedType> = new Map<string, WantedType>([
  ["max_page_size", "a whole number of 32 bits"],
  ["default_crs", "a text"],
  ...SWITCHES.map((name) => [`${name}_enabled`, "true or false"] as const),
]);

const TAKEN = ["enabled", "type"];

/**
 * Decides how a server reads a setting of a service. A text that spells a number or a boolean, as one from the
 * environment does, is converted if the server wants that type: it would ignore the text.
 */
export function serverReadingOf(name: string, value: Json): ServerReading {
  if (TAKEN.includes(name)) return { kind: "reserved" };
  if (!isName(name)) return { kind: "invalid-name" };
  const wanted = WANTED.get(name) ?? null;
  const plain = serverValueOf(value);
  if (plain === null) return { kind: "unsupported", wanted: value === null ? null : wanted };
  if (wanted === null) return { kind: "written", value: plain };
  const typed = asWanted(wanted, plain);
  return typed === null ? { kind: "ignored", value: plain, wanted } : { kind: "written", value: typed };
}

function asWanted(wanted: WantedType, value: ServerValue): ServerValue | null {
  switch (wanted) {
    case "a text":
      return typeof value === "string" ? value : null;
    case "a whole number of 32 bits": {
      const spelled = typeof value === "string" && /^\s*[+-]?[0-9]{1,20}\s*$/.test(value) ? Number(value) : value;
      return typeof spelled === "number" && isWholeNumber(spelled) ? spelled : null;
    }
    case "true or false": {
      const spelled = typeof value === "string" ? value.trim().toLowerCase() : value;
      if (typeof spelled === "boolean") return spelled;
      return spelled === "true" || spelled === "false" ? spelled === "true" : null;
    }
  }
}
