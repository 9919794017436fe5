import { describe, expect, it } from 'vitest'
import { yosysComplaints } from './complaints.ts'

const inverter = `module inverter(input wire clk, input wire [3:0] a, output reg [3:0] b);
  always @(posedge clk) b <= ~a;
endmodule
`

describe('what Yosys dislikes', () => {
  it('is nothing about clean Verilog', async () => {
    expect(await yosysComplaints(inverter, 'inverter')).toEqual([])
  })

  it('is a warning, or the error that it stops with', async () => {
    const outside = inverter.replace('~a', '~a[9:6]')
    expect(await yosysComplaints(outside, 'inverter')).toEqual([expect.stringMatching(/^design\.v:2: Warning: /)])
    expect(await yosysComplaints('module inverter(', 'inverter')).toEqual([
      expect.stringMatching(/^design\.v:1: syntax error/),
    ])
    expect(await yosysComplaints(inverter, 'other')).toEqual([expect.stringContaining('other')])
  })
})
