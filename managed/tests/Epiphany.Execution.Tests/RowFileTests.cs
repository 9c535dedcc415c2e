// Rows in temporary files: numerics come back as what they were, integers of one scale where the file may keep these.

using Xunit;

namespace Epiphany.Execution.Tests;

public unsafe class RowFileTests
{
    const int Batches = 3;

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void Numerics_come_back(bool keepsDecimals, bool mixesScales)
    {
        var host = new FakeHost();
        var file = new RowFile([ProgramWriter.Numeric, ProgramWriter.Int8], [true, true], host) { KeepsDecimals = keepsDecimals };
        var batch = new Batch(2) { Rows = 1000 };
        var lanes = new VectorBuffer(host.Memory);
        for (int i = 0; i < batch.Rows; i++)
        {
            lanes.Values[i] = (ulong)(i - 500);
            lanes.Nulls[i] = (byte)(i % 7 == 0 ? 1 : 0);
        }

        for (int i = 0; i < Batches; i++)
        {
            batch.Columns[0].SetDatums(lanes.Values, lanes.Nulls);
            batch.Columns[0].Form = VectorForm.Decimal;
            batch.Columns[0].Scale = mixesScales ? i : 2;
            batch.Columns[0].Bound = 500;
            batch.Columns[1].SetDatums(lanes.Values, null);
            file.Write(batch, Rows.All(batch.Rows));
        }

        file.Rewind();
        int row = 0;
        bool keepsAll = keepsDecimals && !mixesScales;
        while (file.Read() is { } read)
        {
            Vector numbers = read.Columns[0];
            Assert.Equal(keepsAll, numbers.Form == VectorForm.Decimal);
            Assert.True(!keepsAll || (numbers.Scale == 2 && numbers.Bound >= 500));
            for (int i = 0; i < read.Rows; i++, row++)
            {
                int value = (row % 1000) - 500;
                int scale = mixesScales ? row / 1000 : 2;
                Assert.Equal((ulong)value, read.Columns[1].Values[i]);
                Assert.Equal(row % 1000 % 7 == 0, numbers.IsNull(i));
                if (!numbers.IsNull(i))
                {
                    Assert.Equal(keepsAll ? value.ToString() : Shown(value, scale), keepsAll ? ((long)numbers.Values[i]).ToString()
                        : NumericText.Text(numbers.Values[i]));
                }
            }
        }

        Assert.Equal(Batches * 1000, row);
        file.Close();
    }

    static string Shown(int value, int scale)
    {
        string digits = System.Math.Abs(value).ToString().PadLeft(scale + 1, '0');
        return (value < 0 ? "-" : "") + digits[..^scale] + (scale > 0 ? "." + digits[^scale..] : "");
    }
}
