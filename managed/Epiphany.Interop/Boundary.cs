// Interop layer. The start: compares the two sides' idea of the boundary and hands over the table of exports.

using System;

namespace Epiphany.Interop;

public static unsafe class Boundary
{
    /// <summary>
    /// The body of the one exported symbol. <paramref name="variant"/> is NUL-terminated and static. When the sides differ nothing but
    /// the first two fields is touched: the host reads them and reports.
    /// </summary>
    public static PgeStatus Init(PgeHostApi* host, PgeManagedApi* managed, byte* variant)
    {
        managed->StructSize = (uint)sizeof(PgeManagedApi);
        managed->AbiHash = Abi.Hash;
        if (host->StructSize != sizeof(PgeHostApi) || host->AbiHash != Abi.Hash)
        {
            return PgeStatus.ManagedError;
        }

        Host.Api = host;
        try
        {
            Errors.Prepare();
            BuildText.Prepare(variant);
            Fill(managed);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    private static void Fill(PgeManagedApi* managed)
    {
        managed->BuildInfo = &Exports.BuildInfo;
        managed->SelfTest = &Exports.SelfTest;
        managed->HandleFree = &Exports.HandleFree;
        managed->WriterCreate = &Exports.WriterCreate;
        managed->WriterAppend = &Exports.WriterAppend;
        managed->WriterFinish = &Exports.WriterFinish;
        managed->ReaderOpen = &Exports.ReaderOpen;
        managed->ReaderDecode = &Exports.ReaderDecode;
        managed->ReaderDecodeRow = &Exports.ReaderDecodeRow;
        managed->ReaderMemory = &Exports.ReaderMemory;
        managed->ReaderRest = &Exports.ReaderRest;
        managed->ReaderChunkInfo = &Exports.ReaderChunkInfo;
        managed->ReaderMatch = &Exports.ReaderMatch;
        managed->EngineCreate = &Exports.EngineCreate;
        managed->EngineNext = &Exports.EngineNext;
        managed->EngineRescan = &Exports.EngineRescan;
        managed->EngineBound = &Exports.EngineBound;
        managed->EngineStats = &Exports.EngineStats;
        managed->AggregateSupported = &Exports.AggregateSupported;
        managed->VectorDistance = &Exports.VectorDistance;
        managed->SparseDistance = &Exports.SparseDistance;
        managed->VectorSumOfSquares = &Exports.VectorSumOfSquares;
        managed->VectorCompute = &Exports.VectorCompute;
        managed->IvfComplete = &Exports.IvfComplete;
        managed->IvfModelBytes = &Exports.IvfModelBytes;
        managed->IvfModelBegin = &Exports.IvfModelBegin;
        managed->IvfModelFinish = &Exports.IvfModelFinish;
        managed->IvfRotate = &Exports.IvfRotate;
        managed->IvfNearest = &Exports.IvfNearest;
        managed->IvfPanelBytes = &Exports.IvfPanelBytes;
        managed->IvfArrange = &Exports.IvfArrange;
        managed->IvfAssign = &Exports.IvfAssign;
        managed->IvfTrainBegin = &Exports.IvfTrainBegin;
        managed->IvfTrainRoundBegin = &Exports.IvfTrainRoundBegin;
        managed->IvfTrainAssign = &Exports.IvfTrainAssign;
        managed->IvfTrainRoundEnd = &Exports.IvfTrainRoundEnd;
        managed->IvfEncode = &Exports.IvfEncode;
        managed->IvfPut = &Exports.IvfPut;
        managed->IvfGet = &Exports.IvfGet;
        managed->IvfScanPrepare = &Exports.IvfScanPrepare;
        managed->IvfScanBegin = &Exports.IvfScanBegin;
        managed->IvfPickLists = &Exports.IvfPickLists;
        managed->IvfScanBlocks = &Exports.IvfScanBlocks;
        managed->IvfScanRecords = &Exports.IvfScanRecords;
        managed->IvfKeepNear = &Exports.IvfKeepNear;
        managed->IvfReach = &Exports.IvfReach;
        managed->IvfRefine = &Exports.IvfRefine;
        managed->GraphMeasure = &Exports.GraphMeasure;
        managed->GraphOpen = &Exports.GraphOpen;
        managed->GraphEntries = &Exports.GraphEntries;
        managed->GraphSearch = &Exports.GraphSearch;
        managed->GraphMore = &Exports.GraphMore;
        managed->GraphEstimate = &Exports.GraphEstimate;
        managed->GraphRelease = &Exports.GraphRelease;
        managed->GraphInsert = &Exports.GraphInsert;
        managed->GraphRepair = &Exports.GraphRepair;
        managed->GraphEnsure = &Exports.GraphEnsure;
        managed->GraphBuildBytes = &Exports.GraphBuildBytes;
        managed->GraphBuild = &Exports.GraphBuild;
        managed->GraphBuildAdd = &Exports.GraphBuildAdd;
        managed->GraphBuildFinish = &Exports.GraphBuildFinish;
        managed->GraphSum = &Exports.GraphSum;
        managed->GraphMean = &Exports.GraphMean;
        managed->GraphMove = &Exports.GraphMove;
        managed->GraphBuildPage = &Exports.GraphBuildPage;
        managed->GraphBuildAttributes = &Exports.GraphBuildAttributes;
        managed->SearchCreate = &Exports.SearchCreate;
        managed->SearchQuery = &Exports.SearchQuery;
        managed->SearchGroup = &Exports.SearchGroup;
        managed->SearchRow = &Exports.SearchRow;
        managed->SearchResult = &Exports.SearchResult;
        managed->ParquetCreate = &Exports.ParquetCreate;
        managed->ParquetAppend = &Exports.ParquetAppend;
        managed->ParquetFlush = &Exports.ParquetFlush;
        managed->ParquetNote = &Exports.ParquetNote;
        managed->ParquetFinish = &Exports.ParquetFinish;
        managed->ParquetOpen = &Exports.ParquetOpen;
        managed->ParquetBegin = &Exports.ParquetBegin;
        managed->ParquetNext = &Exports.ParquetNext;
        managed->ParquetStats = &Exports.ParquetStats;
        managed->ParquetTransfer = &Exports.ParquetTransfer;
    }
}
