/** As far as it is used: the package has no types of its own. */
declare module 'fs-native-extensions' {
  /** @returns whether the lock was had; at once in either case. */
  export function tryLock(descriptor: number, offset: number, length: number): boolean;
  export function unlock(descriptor: number, offset: number, length: number): void;
}
