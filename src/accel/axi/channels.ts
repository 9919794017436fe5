import { bool, record, u } from '../../dsl/index.ts'

/**
 * Ports of AXI4, AXI4-Lite (ARM IHI 0022, issue H) and AXI4-Stream (ARM IHI 0051, issue A) as records, named by the
 * specifications' signals. One port name stands for both directions: `out: { m_axi: ... }` beside `in: { m_axi: ... }` prints
 * `m_axi_awvalid` and `m_axi_awready`, which FPGA tools take for one interface. ACLK is `clk`, and `rst` is ARESETn inverted
 * and synchronous to it.
 */
export interface AxiShape {
  /** 12 to 64. */
  readonly addressBits: number
  /** 8 to 1024, a power of two. */
  readonly busBits: number
  /** 1 to 32. */
  readonly idBits: number
}

/** Codes of AxBURST (A3.4.1). */
export const burstCode = { fixed: 0, incr: 1, wrap: 2 } as const
/** Codes of RRESP and BRESP (A3.4.4). */
export const responseCode = { okay: 0, exokay: 1, slverr: 2, decerr: 3 } as const

/** What a master drives of the write channels: AW, W, and the readiness for B. */
export const writeFromMaster = ({ addressBits, busBits, idBits }: AxiShape) =>
  record({
    awvalid: bool,
    awid: u(idBits),
    awaddr: u(addressBits),
    awlen: u(8),
    awsize: u(3),
    awburst: u(2),
    awlock: bool,
    awcache: u(4),
    awprot: u(3),
    awqos: u(4),
    wvalid: bool,
    wdata: u(busBits),
    wstrb: u(busBits / 8),
    wlast: bool,
    bready: bool,
  })
/** What a slave drives of the write channels. */
export const writeToMaster = ({ idBits }: Pick<AxiShape, 'idBits'>) =>
  record({ awready: bool, wready: bool, bvalid: bool, bid: u(idBits), bresp: u(2) })

/** What a master drives of the read channels: AR, and the readiness for R. */
export const readFromMaster = ({ addressBits, idBits }: Omit<AxiShape, 'busBits'>) =>
  record({
    arvalid: bool,
    arid: u(idBits),
    araddr: u(addressBits),
    arlen: u(8),
    arsize: u(3),
    arburst: u(2),
    arlock: bool,
    arcache: u(4),
    arprot: u(3),
    arqos: u(4),
    rready: bool,
  })
/** What a slave drives of the read channels. */
export const readToMaster = ({ busBits, idBits }: Omit<AxiShape, 'addressBits'>) =>
  record({ arready: bool, rvalid: bool, rid: u(idBits), rdata: u(busBits), rresp: u(2), rlast: bool })

/** All that a master of both directions drives. */
export const axiFromMaster = (shape: AxiShape) =>
  record({ ...writeFromMaster(shape).fields, ...readFromMaster(shape).fields })
/** All that a slave of both directions drives. */
export const axiToMaster = (shape: AxiShape) =>
  record({ ...writeToMaster(shape).fields, ...readToMaster(shape).fields })

/** AXI4-Lite (B1.1): 32 or 64 bits, no bursts, no IDs. */
export type AxiLiteShape = Omit<AxiShape, 'idBits'>
export const axiLiteFromMaster = ({ addressBits, busBits }: AxiLiteShape) =>
  record({
    awvalid: bool,
    awaddr: u(addressBits),
    awprot: u(3),
    wvalid: bool,
    wdata: u(busBits),
    wstrb: u(busBits / 8),
    bready: bool,
    arvalid: bool,
    araddr: u(addressBits),
    arprot: u(3),
    rready: bool,
  })
export const axiLiteToMaster = ({ busBits }: Pick<AxiLiteShape, 'busBits'>) =>
  record({
    awready: bool,
    wready: bool,
    bvalid: bool,
    bresp: u(2),
    arready: bool,
    rvalid: bool,
    rdata: u(busBits),
    rresp: u(2),
  })

/** AXI4-Stream: what a transmitter drives. TKEEP says which bytes are part of the stream. */
export const axiStreamFromTransmitter = ({ busBits }: Pick<AxiShape, 'busBits'>) =>
  record({ tvalid: bool, tdata: u(busBits), tkeep: u(busBits / 8), tlast: bool })
export const axiStreamToTransmitter = record({ tready: bool })
