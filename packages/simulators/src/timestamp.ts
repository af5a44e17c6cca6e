/** ISO 8601 to the second, as AWS and Kubernetes write times; what is left of a second is cut off. */
export const timestamp = (milliseconds: number): string => new Date(Math.floor(milliseconds / 1000) * 1000).toISOString().replace('.000Z', 'Z');
