/** An event ready to be written. */
export interface NewEvent {
  /** 16 bytes. */
  id: Buffer;
  type: string;
  isJson: boolean;
  customMetadata: Buffer;
  data: Buffer;
}
