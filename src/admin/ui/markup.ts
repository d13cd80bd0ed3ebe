// Pieces of a page. Not by the name `html`: `deno fmt` would lay out such a template, and its spaces are text.
import { html, raw } from "hono/html";

/** A piece of a page. */
export type Markup = ReturnType<typeof html>;

/** Makes a piece of a template, every value in it escaped unless it is a piece; lists are joined. Quote attributes. */
export const markup = html;

/** Takes a text of our own unchanged: never a value from outside. */
export const trusted = raw;
