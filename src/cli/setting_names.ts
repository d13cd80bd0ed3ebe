// Every setting that `--set` can name, read off the schema: a setting that the daemon takes is one that is offered.
import { type OptionShape, optionShape } from "../options/option_schema.ts";

/** A setting with a single value. */
export interface SettingName {
  /** As people write it, the items of a list by the first of them: `Hooks:List:0:Name`. */
  readonly name: string;
  /** All values that it can have; empty where these are no words. */
  readonly words: readonly string[];
}

/** All settings, in the schema's order; what stands under names of the operator's own choice is not among them. */
export function settingNames(): SettingName[] {
  return namesBelow(optionShape, []);
}

function namesBelow(shape: OptionShape, path: readonly string[]): SettingName[] {
  if (shape.kind === "group") {
    return [...shape.members.values()].flatMap((member) => namesBelow(member.shape, [...path, member.name]));
  }
  if (shape.kind === "list") return namesBelow(shape.item, [...path, "0"]);
  return shape.kind === "map" ? [] : [{ name: path.join(":"), words: shape.words ?? [] }];
}
