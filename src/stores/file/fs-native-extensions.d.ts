/** Declares only the functions in use, because the package contains no types. */
declare module 'fs-native-extensions' {
  /** Tries to acquire the lock without waiting. @returns whether the lock was acquired. */
  export function tryLock(descriptor: number, offset: number, length: number): boolean;
  export function unlock(descriptor: number, offset: number, length: number): void;
}
