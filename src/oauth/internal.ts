export { displayUrl, sendTokenRequest } from './token-request.ts';
