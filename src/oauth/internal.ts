export { sendTokenRequest } from './token-request.ts';
