import { component } from '../../dsl/index.ts'
import { readBeat, transferCommand, writeBeat, writeEnd } from '../transfers.ts'
import { axiFromMaster, axiToMaster } from './channels.ts'
import { type MasterParameters, masterShape } from './master-shape.ts'
import { axiReadMaster } from './read-master.ts'
import { axiWriteMaster } from './write-master.ts'

/** A read and a write master on one AXI4 port `m_axi`: the DMA of the co-processor. Neither waits for the other. */
export const axiMaster = component('axi_master', (p: MasterParameters) => {
  const { axi } = masterShape('axi_master', p)
  return {
    in: {
      read_command: transferCommand(p),
      write_command: transferCommand(p),
      write_beat: writeBeat(p),
      m_axi: axiToMaster(axi),
    },
    out: { read_beat: readBeat(p), write_end: writeEnd, m_axi: axiFromMaster(axi) },
    logic({ read_command, write_command, write_beat, m_axi }, { use }) {
      const { awready, wready, bvalid, bid, bresp, arready, rvalid, rid, rdata, rresp, rlast } = m_axi
      const reader = use('reader', axiReadMaster(p), {
        command: read_command,
        m_axi: { arready, rvalid, rid, rdata, rresp, rlast },
      })
      const writer = use('writer', axiWriteMaster(p), {
        command: write_command,
        beat: write_beat,
        m_axi: { awready, wready, bvalid, bid, bresp },
      })
      return { read_beat: reader.beat, write_end: writer.end, m_axi: { ...writer.m_axi, ...reader.m_axi } }
    },
  }
})
