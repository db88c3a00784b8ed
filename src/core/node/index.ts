export { allowListeners } from './allow-listeners.ts';
export { describeFileError } from './describe-file-error.ts';
export { replaceFile, syncDirectory } from './durable-file.ts';
export { acquireFileLock, type FileLock, FileLockError } from './file-lock.ts';
export { loadPeer, PeerError } from './load-peer.ts';
export { isRunning, type ProcessIdentity, thisProcess } from './process-identity.ts';
