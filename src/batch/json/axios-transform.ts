/**
 * Returns whether a transform of an axios instance is the default transform of axios. Several copies of axios can be loaded, such as one
 * for `import` and one for `require`, so a comparison with the transform of one copy is not enough.
 */
export function isTransformOfAxios(transform: (...parameters: never[]) => unknown): boolean {
  return /\bforcedJSONParsing\b|\bformSerializer\b/.test(Function.prototype.toString.call(transform));
}
