// How a server takes the settings of a service: it looks at a few of them, each as one type, and takes a value of another
// type for none.
import type { Json } from "../config/json.ts";
import { isName, isWholeNumber, type ServerValue, serverValueOf } from "./grammar.ts";

/** How a server takes a setting. */
export type Reception =
  /** It is written as this value. */
  | { readonly kind: "written"; readonly value: ServerValue }
  /** It is written, and the server looks for another type. */
  | { readonly kind: "overlooked"; readonly value: ServerValue; readonly wanted: WantedType }
  /** The grammar has no such name. */
  | { readonly kind: "unnameable" }
  /** The name is that of a setting that every service has. */
  | { readonly kind: "taken" }
  /** The grammar has no such value; `wanted` is null if the server would do the same with and without it. */
  | { readonly kind: "unsayable"; readonly wanted: WantedType | null };

/** A type that the server looks for. */
export type WantedType = "a text" | "a whole number of 32 bits" | "true or false";

const SWITCHES = [
  ...["collections", "wfs", "wms", "wmts", "csw", "wcs", "csv", "kml", "kmz", "shapefile", "geopackage", "flatgeobuf"],
  ...["geoarrow", "geoparquet", "pmtiles", "topojson"],
];

/** The settings that the server looks at, in a service of any type. */
const WANTED: ReadonlyMap<string, WantedType> = new Map<string, WantedType>([
  ["max_page_size", "a whole number of 32 bits"],
  ["default_crs", "a text"],
  ...SWITCHES.map((name) => [`${name}_enabled`, "true or false"] as const),
]);

const TAKEN = ["enabled", "type"];

/**
 * How a server takes a setting of a service. A text that spells a number or a boolean, as one from the environment does,
 * becomes one if the server looks for that type: it would take the text for nothing.
 */
export function receptionOf(name: string, value: Json): Reception {
  if (TAKEN.includes(name)) return { kind: "taken" };
  if (!isName(name)) return { kind: "unnameable" };
  const wanted = WANTED.get(name) ?? null;
  const plain = serverValueOf(value);
  if (plain === null) return { kind: "unsayable", wanted: value === null ? null : wanted };
  if (wanted === null) return { kind: "written", value: plain };
  const typed = asWanted(wanted, plain);
  return typed === null ? { kind: "overlooked", value: plain, wanted } : { kind: "written", value: typed };
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
