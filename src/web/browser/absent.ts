/** Stands for Node's modules and the table of addresses: the parser of specs imports them, and a browser asks them nothing. */
export const isIP = () => 0;
export const statSync = () => undefined;
export const homedir = () => '';
export const join = () => '';
export const resolve = () => '';
export default { isValid: () => false, parseCIDR: () => undefined };
